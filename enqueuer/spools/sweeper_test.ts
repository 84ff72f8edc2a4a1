import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { openBroker } from "../../shared/broker/open.ts";
import { encodeSpoolNote, type SpoolNote } from "../../shared/message/spool_note.ts";
import type { ResultStore } from "../../shared/results/result_store.ts";
import { spoolMetrics } from "../../shared/spool/spool_metrics.ts";
import { notesQueue, Spools } from "../../shared/spool/spools.ts";
import { eventually } from "../../tests/brokers.ts";
import { SpoolSweeper } from "./sweeper.ts";

const last = { seq: 0, at: 0, body: new Uint8Array(1), last: true };

Deno.test("spools that nobody deletes any more are deleted, the others looked at again", async () => {
  await using broker = await openBroker("memory:sweeper_test", { name: "test" });
  await using spools = new Spools(broker, spoolMetrics(new Registry()));
  const results = {
    get: (id: string) =>
      Promise.resolve(id === "answered" ? { state: "succeeded" } : { state: "dead" }),
    response: (id: string) =>
      Promise.resolve(id === "given" ? { spooled: { spool: "given", size: 1 } } : undefined),
  } as unknown as ResultStore;
  await using sweeper = new SpoolSweeper({ broker, results, ttlMs: 60_000, spools });
  sweeper.start();
  await broker.declare(notesQueue);
  const note = async (spool: string, body: SpoolNote["body"]) => {
    const until = Date.now() + 3_600_000;
    const message = encodeSpoolNote({ spool, body, request: spool, until });
    await broker.publish({ queue: notesQueue.name }, [message]);
  };
  const store = broker.spools();
  for (const spool of ["answered", "dead", "given", "expired"]) {
    await store.create(spool);
    await store.append(spool, [last]);
  }
  await note("answered", "request");
  await note("dead", "request");
  await note("given", "response");
  await note("expired", "response");
  await note("gone", "request");
  await broker.publish({ queue: notesQueue.name }, [{ headers: {}, body: new Uint8Array(0) }]);

  sweeper.wake();
  await eventually(async () => {
    const { ready, inFlight, delayed, dead } = await broker.stats(notesQueue.name);
    assert.deepEqual({ ready, inFlight, delayed, dead }, {
      ready: 0,
      inFlight: 0,
      delayed: 2,
      dead: 1,
    });
    return true;
  });
  const left = async (spool: string) => await store.look(spool, 1_000);
  assert.equal(await left("answered"), undefined);
  assert.equal(await left("expired"), undefined);
  assert.equal(await left("dead"), "ended");
  assert.equal(await left("given"), "ended");
});
