import assert from "node:assert/strict";
import type { AMQPMessage, AMQPProperties } from "@cloudamqp/amqp-client";
import { readMessage } from "./properties.ts";

function received(properties: AMQPProperties): AMQPMessage {
  const body = new Uint8Array([1]);
  return { properties, body } as Partial<AMQPMessage> as AMQPMessage;
}

Deno.test("properties become those of the contract", () => {
  const { message, attempt, redeliveries } = readMessage(
    received({
      messageId: "m",
      correlationId: "c",
      replyTo: "r",
      contentType: "text/plain",
      type: "t",
      priority: 0,
      timestamp: new Date(5000),
      expiration: "1500",
      deliveryMode: 1,
    }),
    "q",
  );
  assert.deepEqual(message, {
    body: new Uint8Array([1]),
    headers: {},
    messageId: "m",
    correlationId: "c",
    replyTo: "r",
    contentType: "text/plain",
    type: "t",
    priority: 0,
    timestamp: 5000,
    expiration: 1500,
    durable: false,
  });
  assert.equal(attempt, 1);
  assert.equal(redeliveries, 0);
});

Deno.test("headers: what the contract knows stays, the rest is converted or left out", () => {
  const { message } = readMessage(
    received({
      headers: {
        text: "x",
        yes: true,
        long: 2 ** 40,
        date: new Date(1000),
        list: ["a", null, 1.5, 2],
        table: { inner: "i", none: null },
        none: null,
        bytes: new Uint8Array(2),
        fraction: 1.5,
        unsafe: 2 ** 60,
      },
    }),
    "q",
  );
  assert.deepEqual(message.headers, {
    text: "x",
    yes: true,
    long: 2 ** 40,
    date: 1000,
    list: ["a", 2],
    table: { inner: "i" },
  });
});

Deno.test("the server's own headers are taken out and counted", () => {
  const { message, attempt, redeliveries } = readMessage(
    received({
      headers: {
        attempt: 3,
        "x-delivery-count": 1,
        "x-acquired-count": 2,
        "x-opt-anything": 1,
        "x-last-death-queue": "proxymq_delay_quorum_00",
        "x-first-death-reason": "expired",
        "x-mine": "stays",
        "proxymq-expiration": 700,
      },
    }),
    "q",
  );
  assert.deepEqual(message.headers, { attempt: 3, "x-mine": "stays" });
  assert.equal(message.expiration, 700);
  assert.equal(attempt, 3);
  assert.equal(redeliveries, 2);
});

const death = { queue: "work", reason: "expired", time: new Date(9000) };
const dead = { "dead-reason": "expired", "dead-queue": "work", "dead-at": 9000 };
const delay = { queue: "proxymq_delay_quorum_02", reason: "expired", time: new Date(8000) };
for (
  const [name, headers, queue, expected] of [
    ["died in the work queue", { "x-death": [death] }, "dlq", dead],
    ["delayed first, then died in the work queue", { "x-death": [death, delay] }, "dlq", dead],
    ["only delayed", { "x-death": [delay] }, "work", {}],
    ["moved back to the work queue by hand", { "x-death": [death] }, "work", {}],
    [
      "dead by our own hand",
      { "x-death": [delay], "dead-reason": "status 400", "dead-queue": "work" },
      "dlq",
      { "dead-reason": "status 400", "dead-queue": "work" },
    ],
    ["no x-death worth the name", { "x-death": "x" }, "dlq", {}],
  ] as const
) {
  Deno.test(`a dead letter of the server's: ${name}`, () => {
    const { message } = readMessage(received({ headers: { ...headers } }), queue);
    assert.deepEqual(message.headers, expected);
  });
}
