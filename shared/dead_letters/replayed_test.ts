import assert from "node:assert/strict";
import type { Message } from "../broker/broker.ts";
import { copied, replayed } from "./replayed.ts";

const dead: Message = {
  messageId: "m",
  correlationId: "c",
  replyTo: "reply_of_an_enqueuer",
  contentType: "text/plain",
  type: "proxymq.request",
  priority: 3,
  timestamp: 5_000,
  expiration: 10,
  durable: false,
  headers: {
    "proxymq-version": 1,
    method: "POST",
    path: "/a",
    headers: { accept: "*/*", deadline: "theirs" },
    deadline: 9_000,
    attempt: 5,
    attempts: [{ at: 1, failure: "status-503" }],
    traceparent: "t",
    "dead-reason": "status-503",
    "dead-at": 8_000,
    "dead-queue": "x_requests",
    "dead-status": 503,
    "dead-response": "busy",
  },
  body: new Uint8Array([1, 2]),
};

Deno.test("a replayed dead letter is its request again, with its history", () => {
  const { expiration: _, replyTo: __, ...properties } = dead;
  assert.deepEqual(replayed(dead), {
    ...properties,
    durable: true,
    headers: {
      "proxymq-version": 1,
      method: "POST",
      path: "/a",
      headers: { accept: "*/*", deadline: "theirs" },
      attempts: [{ at: 1, failure: "status-503" }],
      traceparent: "t",
      replays: 1,
    },
  });
});

Deno.test("replays are counted", () => {
  const { headers } = replayed({ ...dead, headers: { ...dead.headers, replays: 2 } });
  assert.equal(headers["replays"], 3);
});

Deno.test("a reply queue that outlives its requester gets the response still", () => {
  const replyTo = (queue: string) => replayed({ ...dead, replyTo: queue }).replyTo;
  for (const queue of ["results", "reply_c"]) assert.equal(replyTo(queue), queue);
  for (const queue of ["reply_d", "amq.gen-x", "amq.rabbitmq.reply-to.x"]) {
    assert.equal(replyTo(queue), undefined);
  }
});

Deno.test("a fresh copy is the same but for what would end it", () => {
  const { expiration: _, ...rest } = dead;
  assert.deepEqual(copied(dead), { ...rest, durable: true });
});
