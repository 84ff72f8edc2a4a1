import assert from "node:assert/strict";
import type { Message } from "../broker/broker.ts";
import { type Callback, decodeCallback, encodeCallback } from "./callback.ts";
import { EnvelopeError } from "./envelope.ts";

const callback: Callback = {
  id: "0193-id",
  url: "https://example.com/hook?a=b",
  service: "orders",
  state: "failed",
  at: 1_763_800_000_123,
  run: 2,
  response: {
    status: 404,
    headers: { "content-type": "text/plain", "set-cookie": ["a", "b"] },
    body: new Uint8Array([0, 255]),
  },
};

Deno.test("a callback comes out of its message as it went in", () => {
  const message = encodeCallback(callback);
  assert.equal(message.type, "proxymq.callback");
  assert.equal(message.correlationId, callback.id);
  assert.equal(message.body, callback.response?.body, "the body's bytes are passed, not copied");
  assert.notEqual(message.durable, false);
  assert.equal(message.expiration, undefined);
  assert.deepEqual(decodeCallback(message), callback);
});

Deno.test("a cancelled request's callback has no response", () => {
  const { response: _, ...rest } = callback;
  const cancelled: Callback = { ...rest, state: "cancelled", run: 0 };
  assert.deepEqual(decodeCallback(encodeCallback(cancelled)), cancelled);
});

Deno.test("a foreign callback needs no more than an id, url, service, state and a time", () => {
  const headers = { url: "https://x/", service: "s", state: "cancelled" };
  const message = { correlationId: "id", timestamp: 5_000, headers, body: new Uint8Array(0) };
  assert.deepEqual(decodeCallback(message), { id: "id", ...headers, at: 5_000, run: 0 });
});

Deno.test("a message that departs from the protocol is refused with where", () => {
  const good = encodeCallback(callback);
  const cases: [Partial<Message>, RegExp][] = [
    [{ type: "proxymq.request" }, /proxymq\.request/],
    [{ correlationId: "" }, /correlation_id/],
    [{ headers: { ...good.headers, "proxymq-version": 2 } }, /is 2, not 1/],
    [{ headers: { ...good.headers, url: 1 } }, /"url"/],
    [{ headers: { ...good.headers, service: ["a"] } }, /"service"/],
    [{ headers: { ...good.headers, state: "queued" } }, /"state".*succeeded, failed/],
    [{ headers: { ...good.headers, status: 100 } }, /"status"/],
    [{ headers: { ...good.headers, status: "200" } }, /"status"/],
    [{ headers: { ...good.headers, headers: "x" } }, /"headers"/],
    [{ headers: { ...good.headers, at: "now" } }, /"at"/],
    [{ headers: { ...good.headers, at: 1e300 } }, /"at"/],
    [{ headers: { ...good.headers, run: -1 } }, /"run"/],
  ];
  for (const [departure, detail] of cases) {
    assert.throws(
      () => decodeCallback({ ...good, ...departure }),
      (error) => error instanceof EnvelopeError && detail.test(error.message),
      JSON.stringify(departure),
    );
  }
});
