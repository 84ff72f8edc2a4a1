import assert from "node:assert/strict";
import type { Message } from "../broker/broker.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  EnvelopeError,
  type QueuedRequest,
  type QueuedResponse,
} from "./envelope.ts";

const request: QueuedRequest = {
  id: "0193-id",
  method: "POST",
  path: "/a?b=c",
  headers: { "content-type": "text/plain", "x-a": ["1", "2"] },
  body: new Uint8Array([0, 255]),
  deadline: 1_763_800_030_000,
  replyTo: "reply_x",
  window: 1_048_576,
  traceparent: "00-a-b-01",
};

Deno.test("a request comes out of its message as it went in", () => {
  const message = encodeRequest(request, 1_763_800_000_000);
  assert.equal(message.expiration, 30_000);
  assert.equal(message.type, "proxymq.request");
  assert.equal(message.contentType, "text/plain");
  assert.equal(message.body, request.body, "the body's bytes are passed, not copied");
  assert.deepEqual(decodeRequest(message), request);
});

Deno.test("a request whose deadline has passed expires at once, never at a negative time", () => {
  assert.equal(encodeRequest(request, request.deadline! + 5).expiration, 0);
});

Deno.test("a request with a callback does not expire in the broker, and keeps its deadline", () => {
  const calling: QueuedRequest = { ...request, callback: "https://example.com/hook" };
  const message = encodeRequest(calling, 1_763_800_000_000);
  assert.equal(message.expiration, undefined);
  assert.deepEqual(decodeRequest(message), calling);
});

Deno.test("an event comes out of its message with its topic", () => {
  const event: QueuedRequest = { ...request, topic: "order.paid" };
  assert.deepEqual(decodeRequest(encodeRequest(event, 1_763_800_000_000)), event);
});

Deno.test("a response comes out of its message as it went in", () => {
  const response: QueuedResponse = {
    status: 207,
    headers: { "set-cookie": ["a", "b"], etag: '"1"' },
    body: new Uint8Array(0),
  };
  const message = encodeResponse(response, "id", false);
  assert.equal(message.correlationId, "id");
  assert.equal(message.durable, false);
  assert.deepEqual(decodeResponse(message), response);
});

Deno.test("a foreign request needs no more than method and path", () => {
  const body = new TextEncoder().encode("{}");
  const message = { headers: { method: "GET", path: "/" }, contentType: "application/json", body };
  assert.deepEqual(decodeRequest(message), {
    id: undefined,
    method: "GET",
    path: "/",
    headers: { "content-type": "application/json" },
    body,
  });
});

Deno.test("a message that departs from the protocol is refused with where", async (t) => {
  const good = { method: "GET", path: "/" };
  const cases: [string, Partial<Message>, RegExp][] = [
    ["no method", { headers: { path: "/" } }, /"method"/],
    ["method with a space", { headers: { ...good, method: "GET /" } }, /"method"/],
    ["CONNECT", { headers: { ...good, method: "CONNECT" } }, /"method"/],
    ["no path", { headers: { method: "GET" } }, /"path"/],
    ["path without slash", { headers: { ...good, path: "x" } }, /"path"/],
    ["path with a line break", { headers: { ...good, path: "/\r\nx: y" } }, /"path"/],
    ["deadline is text", { headers: { ...good, deadline: "soon" } }, /"deadline"/],
    ["window is 0", { headers: { ...good, window: 0 } }, /"window"/],
    ["window is text", { headers: { ...good, window: "1MiB" } }, /"window"/],
    ["callback is a number", { headers: { ...good, callback: 1 } }, /"callback"/],
    ["headers are no table", { headers: { ...good, headers: ["a"] } }, /"headers"/],
    ["a header with a line break", { headers: { ...good, headers: { a: "x\r\ny" } } }, /"a"/],
    ["a header name with a space", { headers: { ...good, headers: { "a b": "x" } } }, /"a b"/],
    ["a later version", { headers: { ...good, "proxymq-version": 2 } }, /is 2, not 1/],
    ["another type", { type: "proxymq.response", headers: good }, /proxymq\.response/],
  ];
  for (const [name, message, detail] of cases) {
    await t.step(name, () => {
      assert.throws(
        () => decodeRequest({ body: new Uint8Array(0), headers: {}, ...message }),
        (error) => error instanceof EnvelopeError && detail.test(error.message),
      );
    });
  }
  for (const status of ["200", 99, 101, 600, 2.5e3]) {
    await t.step(`status ${JSON.stringify(status)}`, () => {
      assert.throws(
        () => decodeResponse({ body: new Uint8Array(0), headers: { status } }),
        EnvelopeError,
      );
    });
  }
});
