import assert from "node:assert/strict";
import { TestFolder } from "../../../tests/sqlite/test_folder.ts";
import { eventually } from "../../../tests/support/waiting.ts";
import { clockAhead } from "../../../tests/support/clock.ts";
import type { QueuedResponse } from "../../message/envelope.ts";
import type { ResultStore } from "../../results/result_store.ts";
import { open } from "./driver.ts";
import type { Peer } from "./peer.ts";
import { acquirePeer, releasePeer } from "./peers.ts";

const service = "work";
const ttlMs = 60_000;
const tables = ["requests", "responses", "cancellations", "watches", "watch_news"];

function response(bytes: number): QueuedResponse {
  return { status: 200, headers: {}, body: new Uint8Array(bytes) };
}

async function withStore(
  test: (store: ResultStore, peer: Peer, folder: TestFolder) => Promise<void>,
): Promise<void> {
  using folder = new TestFolder();
  await using broker = await open(folder.url(), { name: "test" });
  await using store = broker.results({ ttlMs, lookUps: true });
  const peer = await acquirePeer(folder.file());
  try {
    await test(store, peer, folder);
  } finally {
    await releasePeer(folder.file());
  }
}

function rowsLeft(peer: Peer): number[] {
  return tables.map((table) =>
    peer.read((connection) =>
      connection.get<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)?.count ?? NaN
    )
  );
}

Deno.test("of what has expired nothing is left in the tables, and its space serves again", () =>
  withStore(async (store, peer, folder) => {
    const ids = Array.from({ length: 1_000 }, (_, n) => `r${n}`);
    const fill = async () => {
      await Promise.all(
        ids.map((id) => store.enter({ id, service, claim: { key: id, fingerprint: "" } })),
      );
      await store.cancel("r0", Date.now() + 1_000);
      await Promise.all(
        ids.map((id) =>
          store.record({ id, service, state: "succeeded", response: response(20_000) })
        ),
      );
      for await (const _ of store.watch("r1", new AbortController().signal));
    };
    await fill();
    const pages = peer.connection.pragma("page_count");
    {
      using _ = clockAhead(ttlMs + 1_000);
      assert.equal(await store.get("r1"), undefined);
      await eventually(() => rowsLeft(peer).every((count) => count === 0));
    }
    assert.ok(peer.connection.pragma("freelist_count") > pages / 2);
    await fill();
    assert.ok(peer.connection.pragma("page_count") < pages * 1.1);
    assert.ok(Deno.statSync(folder.file()).size < 1.5 * 1_000 * 20_000);
  }));

Deno.test("large responses go one step at a time, along with other writes", () =>
  withStore(async (store, peer) => {
    for (const id of ["a", "b", "c", "d"]) {
      await store.record({ id, service, state: "succeeded", response: response(5_000_000) });
    }
    using _ = clockAhead(ttlMs + 1_000);
    await store.enter({ id: "new", service });
    assert.deepEqual(rowsLeft(peer).slice(0, 2), [4, 3]);
    await eventually(() => rowsLeft(peer)[0] === 1);
  }));

Deno.test("what is durable waits for the disk, and nothing else does", () =>
  withStore(async (store, peer) => {
    const waits = async (write: Promise<unknown>) => {
      await write;
      return peer.connection.pragma("synchronous") === 2;
    };
    const id = "a";
    assert.equal(await waits(store.enter({ id, service })), true);
    assert.equal(await waits(store.record({ id, service, state: "processing" })), false);
    assert.equal(await waits(store.record({ id, service, state: "succeeded" })), true);
    assert.equal(await waits(store.record({ id: "b", service, state: "queued" })), false);
    assert.equal(await waits(store.cancel("b", Date.now() + 1_000)), true);
  }));

Deno.test("numbers that are no whole ones, or too large, do not fail who writes beside them", () =>
  withStore(async (store) => {
    await Promise.all([
      store.enter({ id: "a", service, dueAt: 1.5, deadline: Infinity }),
      store.enter({ id: "b", service, dueAt: NaN }),
      store.record({ id: "c", service, state: "queued", nextAttemptAt: 0.1, attempt: 1.5 }),
    ]);
    assert.deepEqual((await store.get("a"))?.dueAt, 2);
    await store.cancel("b", Infinity);
    for await (const group of store.cancelled(new AbortController().signal)) {
      assert.deepEqual(group, [{ id: "b", until: Number.MAX_SAFE_INTEGER }]);
      break;
    }
  }));

Deno.test("a watch goes on when its client was given up for dead, and leaves nothing behind", () =>
  withStore(async (store, peer) => {
    const id = "a";
    await store.enter({ id, service });
    const end = new AbortController();
    const watch = store.watch(id, end.signal)[Symbol.asyncIterator]();
    assert.equal((await watch.next()).value?.state, "queued");
    const next = watch.next();
    await peer.write((connection) => {
      connection.run("DELETE FROM clients");
      connection.run("DELETE FROM watches");
    }, { durable: false });
    await eventually(async () => {
      await peer.write(() => {}, { durable: false });
      return rowsLeft(peer)[3] === 1;
    });
    await store.record({ id, service, state: "processing" });
    assert.equal((await next).value?.state, "processing");
    end.abort();
    assert.equal((await watch.next()).done, true);
    await eventually(() => rowsLeft(peer)[3] === 0);
  }));
