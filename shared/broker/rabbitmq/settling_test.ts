import assert from "node:assert/strict";
import type { AMQPChannel } from "@cloudamqp/amqp-client";
import { DEAD_AT, type Delivery, type Message } from "../broker.ts";
import { BrokerUnavailableError, DeliveryLostError, QueueNotFoundError } from "../errors.ts";
import { AckFlush } from "./ack_flush.ts";
import { Link } from "./link.ts";
import { settle, type SettlingOptions } from "./settling.ts";

type Republish = SettlingOptions["republish"];

/** A link whose channel notes what it is told, and the means to settle its deliveries. */
function setUp(republish?: Republish) {
  const told: string[] = [];
  const note = (what: string) => Promise.resolve(void told.push(what));
  const channel: Partial<AMQPChannel> = {
    closed: false,
    basicAck: (tag, multiple) => note(`ack ${multiple ? "to " : ""}${tag}`),
    basicNack: (tag, requeue, multiple) => note(`nack ${multiple ? "to " : ""}${tag} ${requeue}`),
    basicReject: (tag, requeue) => note(`reject ${tag} ${requeue}`),
    close: () => note("close"),
  };
  const ends: (() => void)[] = [];
  const outbox = { atEnd: (action: () => void) => void ends.push(action) };
  const link = new Link(channel as AMQPChannel, new AckFlush(false), outbox);
  const endTurn = () => ends.splice(0).forEach((action) => action());
  const published: { queue: string; message: Message; delayMs: number }[] = [];
  const options: SettlingOptions = {
    republish: async (queue, message, delayMs) => {
      await republish?.(queue, message, delayMs);
      published.push({ queue, message, delayMs });
      told.push(`publish ${queue}`);
    },
    deadLetterQueue: (queue) => queue === "known" ? "known_dlq" : undefined,
    redeclare: (queue) => note(`redeclare ${queue}`),
  };
  const delivery = (tag: number, queue = "known"): Delivery => ({
    queue,
    message: { body: new Uint8Array(0), headers: { mine: 1 }, expiration: 5, messageId: "m" },
    attempt: 2,
    redeliveries: 0,
    token: link.lease(tag),
  });
  return { told, link, endTurn, published, options, delivery };
}

Deno.test("the first deliveries are given back together, others one by one", async () => {
  const { told, options, delivery } = setUp();
  const all = Array.from({ length: 7 }, (_, index) => delivery(index + 1));
  const release = (...tags: number[]) =>
    settle(
      tags.map((tag) => ({ kind: "release", delivery: all[tag - 1] ?? delivery(tag) })),
      options,
    );
  await release(3, 1, 2);
  await release(5, 6);
  await release(4, 7);
  assert.deepEqual(told, ["nack to 3 true", "nack 5 true", "nack 6 true", "nack to 7 true"]);
});

Deno.test("acknowledgements of a turn go together up to what is not settled yet, the others one by one", async () => {
  const { told, endTurn, options, delivery } = setUp();
  const all = Array.from({ length: 9 }, (_, index) => delivery(index + 1));
  const ack = (...tags: number[]) =>
    settle(tags.map((tag) => ({ kind: "ack", delivery: all[tag - 1] ?? delivery(tag) })), options);
  await ack(2, 3, 1, 6);
  await ack(4, 8);
  assert.deepEqual(told, [], "the turn has not ended");
  endTurn();
  assert.deepEqual(told.splice(0), ["ack to 4", "ack 6", "ack 8"]);
  await ack(5);
  endTurn();
  assert.deepEqual(told.splice(0), ["ack 5"], "what was told before is not told again");
  await ack(7, 9);
  await settle([{ kind: "release", delivery: delivery(10) }], options);
  assert.deepEqual(told, ["ack to 9", "nack 10 true"], "not to be taken in by what comes back");
});

Deno.test("a batch is settled together: what is moved is published before it is acknowledged", async () => {
  const { told, endTurn, published, options, delivery } = setUp();
  await settle([
    { kind: "ack", delivery: delivery(1) },
    { kind: "retry", delivery: delivery(2), delayMs: 500, headers: { more: 2 } },
    { kind: "dead", delivery: delivery(3), reason: "why" },
    { kind: "release", delivery: delivery(4) },
    { kind: "dead", delivery: delivery(5, "foreign"), reason: "why" },
  ], options);
  endTurn();
  assert.deepEqual(told, [
    ...["reject 5 false", "ack 1", "nack 4 true"],
    ...["publish known", "publish known_dlq", "ack to 3"],
  ]);
  const [retry, dead] = published;
  assert.deepEqual(retry?.message.headers, { mine: 1, more: 2, attempt: 3 });
  assert.equal(retry?.delayMs, 500);
  const { [DEAD_AT]: at, ...headers } = dead?.message.headers ?? {};
  assert.deepEqual(headers, { mine: 1, "dead-reason": "why", "dead-queue": "known" });
  assert.equal(typeof at, "number");
  assert.equal(dead?.message.expiration, undefined);
});

Deno.test("a delivery that cannot be moved comes again", async () => {
  const failing = () => Promise.reject(new BrokerUnavailableError("blocked"));
  const { told, options, delivery } = setUp(failing);
  const retry = settle([{ kind: "retry", delivery: delivery(1), delayMs: 0 }], options);
  await assert.rejects(retry, BrokerUnavailableError);
  assert.deepEqual(told, ["nack 1 true"]);
});

Deno.test("a missing dead-letter queue is declared again", async () => {
  let tries = 0;
  const missingOnce: Republish = (queue) =>
    tries++ === 0 ? Promise.reject(new QueueNotFoundError(queue)) : Promise.resolve();
  const { told, endTurn, options, delivery } = setUp(missingOnce);
  await settle([{ kind: "dead", delivery: delivery(1), reason: "why" }], options);
  endTurn();
  assert.deepEqual(told, ["redeclare known", "publish known_dlq", "ack 1"]);
});

Deno.test("what is settled already, or lost, is an error; the rest of the batch is settled", async () => {
  const { told, link, endTurn, options, delivery } = setUp();
  const [one, two] = [delivery(1), delivery(2)];
  await settle([{ kind: "ack", delivery: one }], options);
  endTurn();
  const again = settle([one, two].map((delivery) => ({ kind: "ack", delivery })), options);
  await assert.rejects(again, DeliveryLostError);
  endTurn();
  assert.deepEqual(told, ["ack 1", "ack 2"]);
  const three = delivery(3);
  link.kill();
  await assert.rejects(settle([{ kind: "ack", delivery: three }], options), DeliveryLostError);
  const foreign = { ...delivery(4), token: {} };
  await assert.rejects(settle([{ kind: "ack", delivery: foreign }], options), DeliveryLostError);
});

Deno.test("a link that drains is closed when the last of its deliveries is settled", async () => {
  const { told, link, options, delivery } = setUp();
  const [one, two] = [delivery(1), delivery(2)];
  link.drain();
  await settle([{ kind: "ack", delivery: one }], options);
  assert.ok(link.alive);
  await settle([{ kind: "release", delivery: two }], options);
  assert.deepEqual(told, ["ack 1", "nack 2 true", "close"]);
  assert.ok(!link.alive);
});
