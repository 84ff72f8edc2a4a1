import assert from "node:assert/strict";
import { MemoryLog } from "../../../tests/support/memory_log.ts";
import type { Message } from "../../broker/broker.ts";
import { BrokerUnavailableError, MessageTooLargeError } from "../../broker/errors.ts";
import { PackingLog } from "./packing_log.ts";

const message = (text: string): Message => ({
  correlationId: text,
  headers: {},
  body: new TextEncoder().encode(text),
});

/** A log whose appends wait until they are let go. */
function given() {
  const log = new MemoryLog();
  const appends: { message: Message; confirm: boolean; done: PromiseWithResolvers<void> }[] = [];
  const append = log.append.bind(log);
  Object.assign(log, {
    append(message: Message, confirm: boolean) {
      const done = Promise.withResolvers<void>();
      appends.push({ message, confirm, done });
      return done.promise.then(() => append(message));
    },
  });
  return { packing: new PackingLog(log), log, appends };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("what is appended in one turn goes as one, and is told by offsets of its own", async () => {
  const { packing, log, appends } = given();
  const appended = Promise.all(["a", "b", "c"].map((text) => packing.append(message(text), true)));
  await turn();
  assert.equal(appends.length, 1);
  appends[0]?.done.resolve();
  await appended;
  assert.equal(log.length, 1);
  const stop = new AbortController();
  const texts: (string | undefined)[] = [];
  let last = -1;
  for await (const { message, offset } of packing.tail(0, stop.signal)) {
    assert.ok(offset > last);
    last = offset;
    texts.push(message.correlationId);
    const read = await packing.read(offset, stop.signal);
    assert.deepEqual(read, { type: undefined, ...message });
    if (texts.length === 3) stop.abort();
  }
  assert.deepEqual(texts, ["a", "b", "c"]);
  assert.equal(await packing.read(last + 1, stop.signal), undefined);
});

Deno.test("what comes while two are under way waits, and goes together", async () => {
  const { packing, appends } = given();
  const all: Promise<void>[] = [];
  for (const text of ["a", "b", "c", "d"]) {
    all.push(packing.append(message(text), false));
    await turn();
  }
  all.push(packing.append(message("e"), true));
  await turn();
  assert.deepEqual(appends.map(({ message }) => message.correlationId), ["a", "b"]);
  appends[0]?.done.resolve();
  await all[0];
  await turn();
  assert.equal(appends.length, 3);
  assert.deepEqual(appends.map(({ confirm }) => confirm), [false, false, true]);
  for (const { done } of appends) done.resolve();
  await Promise.all(all);
});

Deno.test("a large one goes alone, and so fails alone", async () => {
  const { packing, appends } = given();
  const large = { ...message("large"), body: new Uint8Array(100_000) };
  const failing = packing.append(large, true);
  const small = packing.append(message("small"), true);
  await turn();
  assert.deepEqual(appends.map(({ message }) => message.correlationId), ["large", "small"]);
  const error = new MessageTooLargeError("no");
  appends[0]?.done.reject(error);
  appends[1]?.done.resolve();
  await assert.rejects(failing, error);
  await small;
});

Deno.test("when the log does not answer, those who wait behind are told with the first", async () => {
  const { packing, appends } = given();
  const all: Promise<void>[] = [];
  for (const text of ["a", "b", "c", "d"]) {
    all.push(packing.append(message(text), true));
    await turn();
  }
  const error = new BrokerUnavailableError("late");
  appends[1]?.done.reject(error);
  for (const behind of all.slice(1)) await assert.rejects(behind, error);
  appends[0]?.done.resolve();
  await all[0];
  const again = packing.append(message("e"), true);
  await turn();
  assert.equal(appends.length, 3);
  appends[2]?.done.resolve();
  await again;
});
