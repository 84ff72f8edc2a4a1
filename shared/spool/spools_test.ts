import assert from "node:assert/strict";
import type { Broker } from "../broker/broker.ts";
import { openBroker } from "../broker/open.ts";
import { decodeSpoolNote, type SpoolNote } from "../message/spool_note.ts";
import { notesQueue, Spools } from "./spools.ts";

const note: SpoolNote = { spool: "a", body: "request", request: "r", until: 1_000 };

async function given(name: string) {
  const broker = await openBroker(`memory:${name}`, { name: "test" });
  const told = { begun: 0, deleted: 0, written: 0, read: 0 };
  const spools = new Spools(broker, {
    onBegun: () => told.begun++,
    onDeleted: () => told.deleted++,
    onWritten: (bytes) => told.written += bytes,
    onRead: (bytes) => told.read += bytes,
  });
  return { broker, spools, told, store: broker.spools() };
}

Deno.test("a spool that is begun has a note, is written, read and deleted, and all is counted", async () => {
  const { broker, spools, told, store } = await given("spools_test_1");
  const writer = await spools.begin(note);
  await writer.write(new Uint8Array(9));
  await writer.finish();
  const { signal } = new AbortController();
  assert.equal((await Array.fromAsync(spools.read("a", 4, signal)))[0]?.length, 5);
  assert.equal((await broker.stats(notesQueue.name)).delayed, 1);
  spools.delete("a");
  await spools[Symbol.asyncDispose]();
  assert.equal(await store.look("a", 1_000), undefined);
  assert.deepEqual(told, { begun: 1, deleted: 1, written: 9, read: 5 });
  await broker[Symbol.asyncDispose]();
});

Deno.test("what is still being written when it closes is deleted, and read no further", async () => {
  const { broker, spools, store } = await given("spools_test_2");
  const writer = await spools.begin(note);
  await writer.write(new Uint8Array(9));
  const reading = spools.read("a", 0, new AbortController().signal);
  await reading.next();
  const next = assert.rejects(reading.next());
  await spools[Symbol.asyncDispose]();
  await next;
  await assert.rejects(writer.write(new Uint8Array(1)));
  assert.equal(await store.look("a", 1_000), undefined);
  await broker[Symbol.asyncDispose]();
});

Deno.test("no spool is made without its note, which comes after a minute", async () => {
  const { broker, store } = await given("spools_test_3");
  const published: [SpoolNote | undefined, number | undefined][] = [];
  const failing: Broker = Object.assign(Object.create(broker), {
    spools: () => store,
    publish(_to: unknown, [message]: Parameters<Broker["publish"]>[1], options = { delayMs: 0 }) {
      published.push([message && decodeSpoolNote(message), options.delayMs]);
      return Promise.reject(new Error("not taken"));
    },
  });
  const nobody = { onBegun() {}, onDeleted() {}, onWritten() {}, onRead() {} };
  await using spools = new Spools(failing, nobody);
  await assert.rejects(spools.begin(note), /not taken/);
  assert.deepEqual(published, [[note, 60_000]]);
  assert.equal(await store.look("a", 1_000), undefined);
  await broker[Symbol.asyncDispose]();
});
