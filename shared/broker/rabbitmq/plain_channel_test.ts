import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { AMQPChannel, AMQPMessage } from "@cloudamqp/amqp-client";
import type { Client } from "./client.ts";
import { Outbox } from "./outbox.ts";
import { PlainChannel } from "./plain_channel.ts";

const route = { exchange: "", key: "reply_1", mandatory: true };
const reply = (id: string) => ({
  correlationId: id,
  headers: {},
  body: new TextEncoder().encode(`<body of ${id}>`),
});

/** A connection whose server answers when it is told to, and what was written to it. */
function connection() {
  let sent = "";
  const questions: (() => void)[] = [];
  const channel: Partial<AMQPChannel> = {
    id: 1,
    closed: false,
    basicQos: () => new Promise<void>((resolve) => questions.push(resolve)),
  };
  const outbox = new Outbox((chunks) => {
    for (const chunk of chunks) sent += new TextDecoder("latin1").decode(chunk);
  });
  const client: Partial<Client> = {
    ...{ frameMax: 4096, closed: false, backlog: 0, outbox },
    channel: () => Promise.resolve(channel as AMQPChannel),
  };
  return {
    client: client as Client,
    channel: channel as AMQPChannel,
    /** The ids of what was written, in its order. */
    get written(): string[] {
      outbox.flush();
      return [...sent.matchAll(/<body of (.*?)>/g)].map(([, id]) => id ?? "");
    },
    answer: () => questions.splice(0).forEach((resolve) => resolve()),
  };
}

function fakeClock() {
  const clock = FakeTimers.install();
  return {
    tickAsync: (ms: number) => clock.tickAsync(ms),
    [Symbol.dispose]: () => clock.uninstall(),
  };
}

const lost = new Error("the connection was lost");

Deno.test("what the server may not have read is written again on the next connection", async () => {
  using clock = fakeClock();
  const plain = new PlainChannel();
  const [first, second] = [connection(), connection()];
  await plain.open(first.client);
  const publish = (id: string) => plain.publish(route, [reply(id)], () => {});
  await publish("read");
  for (let turns = 0; turns < 2; turns++) {
    await clock.tickAsync(1000);
    first.answer();
    await clock.tickAsync(0);
  }
  await publish("asked for");
  await clock.tickAsync(1000);
  await publish("last");
  plain.lose(lost);
  await plain.open(second.client);
  assert.deepEqual(second.written, ["asked for", "last"]);
  plain.lose(lost);
});

Deno.test("what was returned, or is remembered by nobody, is not written again", async () => {
  using _ = fakeClock();
  const plain = new PlainChannel();
  const [first, second] = [connection(), connection()];
  await plain.open(first.client);
  const returned: (string | undefined)[] = [];
  await plain.publish(route, [reply("1")], ({ correlationId }) => {
    returned.push(correlationId);
  });
  await plain.publish(route, [reply("2")]);
  first.channel.onReturn({ properties: { correlationId: "1" } } as AMQPMessage);
  assert.deepEqual(returned, ["1"]);
  plain.lose(lost);
  await plain.open(second.client);
  assert.deepEqual(second.written, []);
});

Deno.test("what ends one connection after the other is given up", async () => {
  using _ = fakeClock();
  const plain = new PlainChannel();
  const connections = Array.from({ length: 5 }, connection);
  for (const [i, { client }] of connections.entries()) {
    await plain.open(client);
    if (i === 0) await plain.publish(route, [reply("1")], () => {});
    plain.lose(lost);
  }
  assert.deepEqual(connections.map(({ written }) => written.length), [1, 1, 1, 0, 0]);
});

Deno.test("after a long outage nothing is written again", async () => {
  using clock = fakeClock();
  const plain = new PlainChannel();
  const [first, second] = [connection(), connection()];
  await plain.open(first.client);
  await plain.publish(route, [reply("1")], () => {});
  plain.lose(lost);
  await clock.tickAsync(31_000);
  await plain.open(second.client);
  assert.deepEqual(second.written, []);
});
