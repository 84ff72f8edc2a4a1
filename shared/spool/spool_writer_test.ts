import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { BrokerUnavailableError, SpoolNotFoundError } from "../broker/errors.ts";
import { maxPieceBytes, type Piece, type SpoolStore } from "./spool_store.ts";
import { SpoolWriter } from "./spool_writer.ts";

/** A store that takes a group of pieces when it is told to. */
class Store implements Pick<SpoolStore, "append"> {
  readonly groups: (readonly Piece[])[] = [];
  readonly #takes: PromiseWithResolvers<void>[] = [];

  append(_id: string, pieces: readonly Piece[]): Promise<void> {
    this.groups.push(pieces);
    const take = Promise.withResolvers<void>();
    this.#takes.push(take);
    return take.promise;
  }

  take(error?: Error): Promise<void> {
    const next = this.#takes.shift();
    if (error) next?.reject(error);
    else next?.resolve();
    return turn();
  }

  get pieces(): [number, number, number, boolean][] {
    return this.groups.flat().map(({ seq, at, body, last }) => [seq, at, body.length, last]);
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function open() {
  const store = new Store();
  const told = { bytes: 0, closed: 0 };
  const events = {
    written: (bytes: number) => void (told.bytes += bytes),
    closed: () => void told.closed++,
  };
  const stop = new AbortController();
  const writer = new SpoolWriter(store as unknown as SpoolStore, "a", events, stop.signal);
  return { store, writer, told, stop };
}

Deno.test("a lone piece goes at once, and what comes meanwhile goes together", async () => {
  const { store, writer, told } = open();
  await writer.write(new Uint8Array(1));
  await turn();
  assert.deepEqual(store.pieces, [[0, 0, 1, false]]);
  await writer.write(new Uint8Array(2));
  await writer.write(new Uint8Array(0));
  await writer.write(new Uint8Array(3));
  await turn();
  assert.equal(store.groups.length, 1);
  await store.take();
  assert.deepEqual(store.pieces, [[0, 0, 1, false], [1, 1, 5, false]]);
  await store.take();
  const finished = writer.finish();
  await turn();
  assert.deepEqual(store.pieces.at(-1), [2, 6, 0, true]);
  await store.take();
  await finished;
  assert.deepEqual(told, { bytes: 6, closed: 1 });
  assert.equal(writer.size, 6);
});

Deno.test("a large chunk goes as many pieces, the last of which ends the body", async () => {
  const { store, writer } = open();
  void writer.write(new Uint8Array(2 * maxPieceBytes + 7));
  const finished = writer.finish();
  await turn();
  assert.deepEqual(store.pieces, [
    [0, 0, maxPieceBytes, false],
    [1, maxPieceBytes, maxPieceBytes, false],
    [2, 2 * maxPieceBytes, 7, true],
  ]);
  await store.take();
  await finished;
});

Deno.test("who writes waits while the broker does not take it, and no longer", async () => {
  const { store, writer } = open();
  const chunk = new Uint8Array(maxPieceBytes);
  let written = 0;
  const writing = (async () => {
    for (; written < 40; written++) await writer.write(chunk);
    await writer.finish();
  })();
  await turn();
  assert.ok(written > 8 && written < 20, `${written} of 40 written, nothing taken`);
  for (let n = 0; n < 20; n++) await store.take();
  await writing;
  const most = Math.max(...store.groups.map((group) => group.length));
  assert.ok(most <= 8, `${most} pieces in a group`);
  assert.deepEqual(store.pieces.at(-1)?.[3], true);
});

Deno.test("an end that is none says so after what was written", async () => {
  const { store, writer } = open();
  await writer.write(new Uint8Array(5));
  const finished = writer.finish("other side closed");
  await turn();
  await store.take();
  await store.take();
  await finished;
  const [piece, end] = store.groups.flat();
  assert.equal(piece?.last, false);
  assert.deepEqual(end, {
    seq: 1,
    at: 5,
    body: new Uint8Array(0),
    last: true,
    error: "other side closed",
  });
});

Deno.test("what the broker does not take for a moment is offered again as it was", async () => {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  try {
    const { store, writer } = open();
    await writer.write(new Uint8Array(5));
    await turn();
    await store.take(new BrokerUnavailableError("down"));
    await clock.tickAsync(1_000);
    assert.deepEqual(store.pieces, [[0, 0, 5, false], [0, 0, 5, false]]);
    await store.take();
  } finally {
    clock.uninstall();
  }
});

Deno.test("what it refuses fails the writer, and who waits", async () => {
  const { store, writer, told } = open();
  await writer.write(new Uint8Array(5));
  const refused = assert.rejects(writer.finish(), SpoolNotFoundError);
  await turn();
  await store.take(new SpoolNotFoundError("a"));
  await refused;
  await assert.rejects(writer.write(new Uint8Array(1)), SpoolNotFoundError);
  assert.equal(told.closed, 1);
});
