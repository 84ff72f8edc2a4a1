import assert from "node:assert/strict";
import type { Message } from "../broker/broker.ts";
import { fingerprint, readDeadLetter } from "./dead_letter.ts";

const body = new TextEncoder().encode("body");

Deno.test("a dead letter says what was asked for and what became of it", () => {
  const attempts = [{ at: 1_000, failure: "refused" }, { at: 2_000, failure: "status-503" }];
  const message: Message = {
    messageId: "m",
    correlationId: "c",
    body,
    headers: {
      method: "PUT",
      path: "/a?b",
      traceparent: "t",
      attempt: 2,
      attempts,
      replays: 1,
      "dead-reason": "status-503",
      "dead-at": 3_000,
      "dead-status": 503,
      "dead-response": "busy",
    },
  };
  assert.deepEqual(readDeadLetter("orders", message), {
    id: "c",
    service: "orders",
    reason: "status-503",
    deadAt: 3_000,
    attempts: 2,
    history: attempts,
    lastStatus: 503,
    lastResponse: "busy",
    replays: 1,
    method: "PUT",
    path: "/a?b",
    traceparent: "t",
    message,
  });
});

Deno.test("what is no request is a dead letter all the same, with an id made of its content", () => {
  const read = (message: Message) => readDeadLetter("orders", message);
  const { id, reason, attempts } = read({ body, headers: { path: 7, attempts: "none" } });
  assert.match(id, /^anonymous-[0-9a-f]{16}$/);
  assert.equal(reason, "unknown");
  assert.equal(attempts, 0);
  assert.equal(read({ body, headers: { path: 7, attempts: "none" } }).id, id);
  assert.notEqual(read({ body, headers: {} }).id, id);
  assert.equal(read({ body, headers: {}, messageId: "m", correlationId: "" }).id, "m");
});

Deno.test("a fingerprint tells a message from all but its copies", () => {
  const message: Message = { body, headers: { a: 1 }, correlationId: "1", replyTo: "x" };
  assert.equal(fingerprint(message), fingerprint({ ...message, durable: true }));
  const table = (headers: Message["headers"]) => fingerprint({ ...message, headers });
  assert.equal(table({ a: 1, b: [{ c: 1, d: 2 }] }), table({ b: [{ d: 2, c: 1 }], a: 1 }));
  const others: Message[] = [
    { ...message, replyTo: "y" },
    { ...message, correlationId: "2" },
    { ...message, headers: { a: 2 } },
    { ...message, body: new Uint8Array(1) },
  ];
  assert.equal(new Set([message, ...others].map(fingerprint)).size, 5);
});
