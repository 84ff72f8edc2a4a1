import assert from "node:assert/strict";
import { findLeaks, type Holdings, remains } from "./leaks.ts";

const queue = { messages: 0, consumers: 2 };

function holdings(server: object = {}, process: object = {}): Holdings {
  const queues = new Map([["a_requests", queue]]);
  return {
    server: { connections: 6, channels: 9, queues, ...server },
    processes: [{ task: "enqueuer", rssBytes: 100 * 2 ** 20, files: 30, ...process }, undefined],
  };
}

const idle = { messages: 0, consumers: 0 };
const one = { messages: 0, consumers: 1 };

Deno.test("leaks: the same is none, nor are a few files more or a new delay queue", () => {
  const before = new Map([["a_requests", queue], ["reply_1", one], ["control_1", one]]);
  const after = new Map([["a_requests", queue], ["reply_2", one], ["control_3", one]]);
  after.set("proxymq_delay_quorum_03", idle);
  assert.deepEqual(
    findLeaks(
      holdings({ queues: before }),
      holdings({ queues: after }, { files: 40, rssBytes: 120 * 2 ** 20 }),
    ),
    [],
  );
});

Deno.test("leaks: what there is more of is named", () => {
  const queues = new Map([["a_requests", { ...queue, consumers: 3 }], ["reply_x", idle]]);
  const after = holdings(
    { connections: 7, channels: 8, queues },
    { files: 80, rssBytes: 400 * 2 ** 20 },
  );
  assert.deepEqual(findLeaks(holdings(), after), [
    "7 connections, there were 6",
    "8 channels, there were 9",
    "3 consumers of a_requests, there were 2",
    "1 queues reply_*, there were 0",
    "enqueuer has 80 open files, there were 30",
    "enqueuer takes 400 MiB, it took 100 MiB",
  ]);
});

Deno.test("leaks: when all has ended, only what is durable remains", () => {
  const ended = new Map([["a_requests", idle], ["a_dlq", { messages: 9, consumers: 0 }]]);
  assert.deepEqual(remains({ connections: 0, channels: 0, queues: ended }), []);
  const queues = new Map([["a_requests", one], ["control_1", idle]]);
  assert.deepEqual(remains({ connections: 1, channels: 2, queues }), [
    "1 connections were left",
    "2 channels were left",
    "1 consumers of a_requests were left",
    "control_1 was left",
  ]);
});
