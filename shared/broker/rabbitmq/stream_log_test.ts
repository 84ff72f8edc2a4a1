import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { install } from "@sinonjs/fake-timers";
import { BrokerUnavailableError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import type { Publisher } from "./publisher.ts";
import { StreamLog } from "./stream_log.ts";

const message = { body: new Uint8Array(1), headers: {} };
const starting = new BrokerUnavailableError(
  "RabbitMQ closed a channel: connection closed: RESOURCE_ERROR - Stream not found for queue 'log' (506)",
);

/** A log on a server that declares when it is told to, and whose publishes go as they are told to. */
function setUp(publishes: readonly (Error | undefined)[] = []) {
  const declared = Promise.withResolvers<void>();
  const done: string[] = [];
  const results = [...publishes];
  const channel = {
    async queueDeclare() {
      done.push("declares");
      await declared.promise;
      done.push("declared");
    },
    close: () => Promise.resolve(),
  };
  const client = { channel: () => Promise.resolve(channel) };
  const connection = { client, ready: () => Promise.resolve(client) };
  const publisher = {
    connection,
    publish() {
      done.push("publishes");
      const error = results.shift();
      return error ? Promise.reject(error) : Promise.resolve();
    },
  };
  const log = new StreamLog({
    name: "log",
    maxAgeMs: 1_000,
    connection: connection as unknown as Connection,
    publisher: publisher as unknown as Publisher,
  });
  return { log, done, declared };
}

Deno.test("nothing is appended to a stream before it is declared, and it is declared once", async () => {
  const { log, done, declared } = setUp();
  const appended = Promise.all([log.append(message, true), log.append(message, true)]);
  await nextTurn();
  assert.deepEqual(done, ["declares"]);
  declared.resolve();
  await appended;
  await log.append(message, true);
  assert.deepEqual(done, ["declares", "declared", "publishes", "publishes", "publishes"]);
});

Deno.test("a stream that another has declared, and that is still starting, is appended to again", async () => {
  const { log, done, declared } = setUp([starting, starting]);
  declared.resolve();
  const clock = install();
  try {
    const appended = log.append(message, true);
    await clock.tickAsync(2_000);
    await appended;
  } finally {
    clock.uninstall();
  }
  assert.deepEqual(done.filter((what) => what === "publishes").length, 3);
});

Deno.test("a stream that does not start is an error in the end, and so is any other trouble at once", async () => {
  const ever = setUp(Array(100).fill(starting));
  ever.declared.resolve();
  const clock = install();
  try {
    const refused = assert.rejects(ever.log.append(message, true), /Stream not found/);
    await clock.tickAsync(5_000);
    await refused;
  } finally {
    clock.uninstall();
  }
  const other = setUp([new BrokerUnavailableError("blocked")]);
  other.declared.resolve();
  await assert.rejects(other.log.append(message, true), /blocked/);
  assert.deepEqual(other.done.filter((what) => what === "publishes").length, 1);
});
