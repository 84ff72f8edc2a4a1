import assert from "node:assert/strict";
import { type Link, type SpanOptions, trace, type TracerProvider } from "@opentelemetry/api";
import type { QueuedRequest } from "../../shared/message/envelope.ts";
import { startBatchSpan } from "./batch_span.ts";

const request: QueuedRequest = {
  id: "id-1",
  method: "GET",
  path: "/",
  headers: {},
  body: new Uint8Array(0),
  traceparent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
};

Deno.test("without tracing there is no trace context of a batch", () => {
  const span = startBatchSpan("q", [request]);
  assert.equal(span.traceparent, undefined);
  span.end();
});

Deno.test("the span of a batch links to each request that has a trace", () => {
  const started: { name: string; options: SpanOptions }[] = [];
  const ended: string[] = [];
  const provider: TracerProvider = {
    getTracer: () => ({
      startSpan(name, options = {}) {
        started.push({ name, options });
        const span = trace.wrapSpanContext({
          traceId: "f".repeat(32),
          spanId: "e".repeat(16),
          traceFlags: 1,
        });
        span.setStatus = ({ message }) => (ended.push(message ?? ""), span);
        span.end = () => void ended.push("end");
        return span;
      },
      startActiveSpan: () => {
        throw new Error("not used");
      },
    }),
  };
  trace.setGlobalTracerProvider(provider);
  try {
    const others = [{ ...request, traceparent: "nonsense" }];
    const span = startBatchSpan("thumbnails_requests", [request, ...others]);
    span.end("status 500");
    assert.equal(span.traceparent, `00-${"f".repeat(32)}-${"e".repeat(16)}-01`);
  } finally {
    trace.disable();
  }
  const [span] = started;
  assert.equal(span?.name, "process thumbnails_requests");
  const links: Link[] = span?.options.links ?? [];
  assert.deepEqual(links, [{
    context: {
      traceId: "0123456789abcdef0123456789abcdef",
      spanId: "0123456789abcdef",
      traceFlags: 1,
      isRemote: true,
    },
    attributes: { "messaging.message.conversation_id": "id-1" },
  }]);
  assert.equal(span?.options.attributes?.["messaging.batch.message_count"], 2);
  assert.deepEqual(ended, ["status 500", "end"]);
});
