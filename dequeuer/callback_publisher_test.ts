import assert from "node:assert/strict";
import type { Broker, Message, QueueSpec } from "../shared/broker/broker.ts";
import {
  BrokerUnavailableError,
  MessageTooLargeError,
  QueueNotFoundError,
  SpoolNotFoundError,
} from "../shared/broker/errors.ts";
import { decodeCallback } from "../shared/message/callback.ts";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import { CallbackPublisher } from "./callback_publisher.ts";
import type { Outcome } from "./outcome.ts";

const request: QueuedRequest = {
  id: "id-1",
  method: "GET",
  path: "/",
  headers: {},
  body: new Uint8Array(0),
  callback: "https://example.com/",
};
const message: Message = { headers: { replays: 2 }, body: request.body };
const answered: Outcome = {
  kind: "answered",
  response: { status: 200, headers: {}, body: new Uint8Array(9) },
};

/** Spools of 5 bytes, of which one cannot be read. */
async function* readSpooled(id: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode("te");
  if (id === "gone") throw new SpoolNotFoundError(id);
  yield new TextEncoder().encode("xt.");
}

/** A broker that refuses with these errors in turn, and then takes what comes. */
function refusing(...errors: Error[]) {
  const published: Message[] = [];
  const declared: QueueSpec[] = [];
  const broker = {
    publish(to: unknown, messages: readonly Message[]) {
      assert.deepEqual(to, { queue: "proxymq-callbacks_requests" });
      const error = errors.shift();
      if (error) return Promise.reject(error);
      published.push(...messages);
      return Promise.resolve();
    },
    declare(queue: QueueSpec) {
      declared.push(queue);
      return Promise.resolve();
    },
  } as unknown as Broker;
  return { broker, published, declared };
}

Deno.test("a callback is published once, and the queue declared where it is missing", async () => {
  const { broker, published, declared } = refusing(new QueueNotFoundError("q"));
  using publisher = new CallbackPublisher(broker, "orders", readSpooled);
  await publisher.publish(message, request, answered);
  assert.equal(declared.length, 1);
  assert.equal(published.length, 1);
  const callback = decodeCallback(published[0] ?? message);
  assert.deepEqual(
    [callback.id, callback.service, callback.state, callback.run, callback.response?.body.length],
    ["id-1", "orders", "succeeded", 2, 9],
  );
});

Deno.test("nothing is published for a request that goes on, or asks for no callback", async () => {
  const { broker, published } = refusing();
  using publisher = new CallbackPublisher(broker, "orders", readSpooled);
  const { callback: _, ...silent } = request;
  await publisher.publish(message, silent, answered);
  await publisher.publish(message, request, { kind: "postponed" });
  assert.deepEqual(published, []);
});

Deno.test("a response that is too large for the broker is told as that", async () => {
  const { broker, published } = refusing(new MessageTooLargeError("too much"));
  using publisher = new CallbackPublisher(broker, "orders", readSpooled);
  await publisher.publish(message, request, answered);
  assert.equal(decodeCallback(published[0] ?? message).response?.status, 502);
});

Deno.test("while the broker is away it is offered again, until the dequeuer stops", async () => {
  const down = new BrokerUnavailableError("down");
  const { broker, published } = refusing(down);
  using publisher = new CallbackPublisher(broker, "orders", readSpooled);
  await publisher.publish(message, request, answered);
  assert.equal(published.length, 1);
  const never = refusing(down, down, down, down);
  using stopped = new CallbackPublisher(never.broker, "orders", readSpooled);
  const end = stopped.publish(message, request, answered);
  stopped.stop();
  await assert.rejects(end, down);
});

Deno.test("of a response in a spool the body goes with it if it is small, else where it is", async () => {
  const { broker, published } = refusing();
  using publisher = new CallbackPublisher(broker, "orders", readSpooled);
  const spools = [{ spool: "a", size: 5 }, { spool: "gone", size: 5 }, {
    spool: "a",
    size: 2 ** 33,
  }];
  for (const spooled of spools) {
    const response = { status: 200, headers: {}, body: new Uint8Array(0), spooled };
    await publisher.publish(message, request, { kind: "answered", response, replied: true });
  }
  const responses = published.map((one) => decodeCallback(one).response);
  assert.equal(new TextDecoder().decode(responses[0]?.body), "text.");
  assert.deepEqual(responses.map((response) => response?.spooled), [
    undefined,
    spools[1],
    spools[2],
  ]);
});

Deno.test("of a response whose reading the dequeuer's stop cuts off, no part goes as if it were all", async () => {
  const { broker, published } = refusing();
  using publisher = new CallbackPublisher(broker, "orders", async function* (_id, _from, signal) {
    yield new TextEncoder().encode("te");
    publisher.stop();
    // As a spool's readers do.
    if (!signal.aborted) yield new TextEncoder().encode("xt.");
  });
  const spooled = { spool: "a", size: 5 };
  const response = { status: 200, headers: {}, body: new Uint8Array(0), spooled };
  await publisher.publish(message, request, { kind: "answered", response, replied: true });
  const [callback] = published.map((one) => decodeCallback(one).response);
  assert.deepEqual([callback?.body.byteLength, callback?.spooled], [0, spooled]);
});
