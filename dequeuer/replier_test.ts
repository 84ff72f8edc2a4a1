import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { Broker, Message, PublishOptions } from "../shared/broker/broker.ts";
import {
  BrokerUnavailableError,
  MessageTooLargeError,
  QueueNotFoundError,
} from "../shared/broker/errors.ts";
import { Replier } from "./replier.ts";

const response = { status: 200, headers: {}, body: new Uint8Array(1) };

/** A broker of which only `publish` is there. */
function publishing(
  publish: (message: Message, options: PublishOptions) => Promise<void>,
): Broker {
  return {
    publish: (_to: unknown, [message]: readonly [Message], options: PublishOptions) =>
      publish(message, options),
  } as unknown as Broker;
}

Deno.test("a live requester's reply is transient and unconfirmed, any other durable and confirmed", async () => {
  const published: [boolean | undefined, boolean | undefined][] = [];
  const broker = publishing((message, options) => {
    published.push([message.durable, options.confirm]);
    return Promise.resolve();
  });
  using replier = new Replier(broker, () => {});
  await replier.reply({ replyTo: "reply_a", id: "id-1" }, response);
  await replier.reply({ replyTo: "reply_id-1", id: "id-1" }, response);
  assert.deepEqual(published, [[false, false], [true, true]]);
});

Deno.test("a reply that reached no queue is tried again until the deadline, then dropped", async () => {
  const clock = FakeTimers.install({ now: 1_000_000 });
  try {
    let publishes = 0;
    let dropped = 0;
    const broker = publishing((message, options) => {
      publishes++;
      options.onUnroutable?.(message);
      return Promise.resolve();
    });
    using replier = new Replier(broker, () => dropped++);
    await replier.reply({ replyTo: "reply_a", id: "1", deadline: Date.now() + 60_000 }, response);
    await clock.tickAsync(10_000);
    assert.deepEqual([publishes, dropped], [6, 1]);
    await replier.reply({ replyTo: "reply_a", id: "2", deadline: Date.now() + 300 }, response);
    await clock.tickAsync(10_000);
    assert.deepEqual([publishes, dropped], [8, 2]);
    await replier.reply({ replyTo: "reply_a", id: "3" }, response);
    assert.deepEqual([publishes, dropped], [9, 3], "without a deadline it is not tried again");
  } finally {
    clock.uninstall();
  }
});

Deno.test("a reply to a durable queue that is not there is dropped", async () => {
  let dropped = 0;
  const broker = publishing(() => Promise.reject(new QueueNotFoundError("results")));
  using replier = new Replier(broker, () => dropped++);
  await replier.reply({ replyTo: "results", id: "1" }, response);
  assert.equal(dropped, 1);
});

Deno.test("for a response that the broker does not take its requester is told so", async () => {
  const statuses: unknown[] = [];
  const broker = publishing((message) => {
    statuses.push(message.headers["status"]);
    return statuses.length === 1
      ? Promise.reject(new MessageTooLargeError("too large"))
      : Promise.resolve();
  });
  using replier = new Replier(broker, () => {});
  await replier.reply({ replyTo: "reply_a", id: "1" }, response);
  assert.deepEqual(statuses, [200, 502]);
});

Deno.test("a reply that the broker does not take is offered again until the deadline", async () => {
  let offers = 0;
  const broker = publishing(() => {
    offers++;
    return offers < 3 ? Promise.reject(new BrokerUnavailableError("blocked")) : Promise.resolve();
  });
  using replier = new Replier(broker, () => {});
  await replier.reply({ replyTo: "reply_a", id: "1", deadline: Date.now() + 60_000 }, response);
  assert.equal(offers, 3);
  offers = 0;
  await assert.rejects(
    replier.reply({ replyTo: "reply_a", id: "1", deadline: Date.now() - 1 }, response),
    BrokerUnavailableError,
  );
  assert.equal(offers, 1);
  offers = 0;
  const waiting = replier.reply({ replyTo: "reply_a", id: "1" }, response);
  replier.stop();
  await assert.rejects(waiting, BrokerUnavailableError);
});
