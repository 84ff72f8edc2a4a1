import { isSpanContextValid, type Link, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { QueuedRequest } from "../../shared/message/envelope.ts";

/** The span of a call with a batch. */
export interface BatchSpan {
  /** The W3C trace context of the call; undefined where no tracing is set up. */
  readonly traceparent: string | undefined;
  /** @param failure what went wrong with the batch as a whole. */
  end(failure?: string): void;
}

/**
 * Starts the span of a call with a batch: it belongs to no request's trace, and links to each
 * (OpenTelemetry's conventions for messaging).
 * @param queue where the requests come from.
 */
export function startBatchSpan(queue: string, requests: readonly QueuedRequest[]): BatchSpan {
  const span = trace.getTracer("proxymq").startSpan(`process ${queue}`, {
    root: true,
    kind: SpanKind.CONSUMER,
    links: requests.flatMap(linkTo),
    attributes: {
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": queue,
      "messaging.batch.message_count": requests.length,
    },
  });
  const context = span.spanContext();
  return {
    traceparent: isSpanContextValid(context)
      ? `00-${context.traceId}-${context.spanId}-0${context.traceFlags & 1}`
      : undefined,
    end(failure) {
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end();
    },
  };
}

const traceparentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

function linkTo({ id, traceparent }: QueuedRequest): Link[] {
  const [, traceId, spanId, flags] = traceparentPattern.exec(traceparent ?? "") ?? [];
  if (!traceId || !spanId || !flags) return [];
  return [{
    context: { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true },
    ...(id === undefined ? {} : { attributes: { "messaging.message.conversation_id": id } }),
  }];
}
