import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { newRequestId } from "../../shared/message/request_id.ts";
import { eventually, take } from "../support/waiting.ts";
import { clock, percentile, Place } from "./place.ts";
import { SecondProcess } from "./second_process.ts";

const service = "test";
const options = { ttlMs: 60_000, lookUps: true };

Deno.test("sqlite results: of three processes that claim the same keys one gets each", async () => {
  await using place = await Place.make();
  const claimers = await Promise.all(
    [1, 2, 3].map(() => SecondProcess.startResults("claim", place.url)),
  );
  await using store = place.broker.results(options);
  for (const claimer of claimers) await claimer.count(200);
  const fresh = claimers.flatMap(({ lines }) => lines).filter((line) => line.endsWith(" new"));
  const keys = fresh.map((line) => Number(line.split(" ")[0])).sort((a, b) => a - b);
  assert.deepEqual(keys, Array.from({ length: 200 }, (_, key) => key));
  for (const claimer of claimers) await claimer[Symbol.asyncDispose]();
  const claim = { key: "0", fingerprint: "print" };
  assert.equal((await store.enter({ id: newRequestId(), service, claim })).kind, "taken");
});

Deno.test("sqlite results: a watch sees another process's changes in milliseconds", async () => {
  await using place = await Place.make();
  await using store = place.broker.results(options);
  const id = newRequestId();
  await store.enter({ id, service });
  await using watcher = await SecondProcess.startResults("watch", place.url, id);
  await watcher.count(1);
  const times: number[] = [];
  for (let n = 1; n <= 100; n++) {
    const state = n === 100 ? "succeeded" : n % 2 === 0 ? "queued" : "processing";
    const recorded = clock();
    await store.record({ id, service, state, attempt: n });
    const line = (await watcher.count(n + 1))[n] ?? "";
    assert.ok(line.startsWith(`${state} `), line);
    times.push(Number(line.split(" ")[1]) - recorded);
  }
  // A tenth of the slow look that would find the change without being woken.
  const [p50, p90] = [percentile(times, 0.5), percentile(times, 0.9)];
  assert.ok(p50 < 50 && p90 < 100, `p50 ${p50} ms, p90 ${p90} ms`);
});

Deno.test("sqlite results: a killed watcher costs nothing any more, as soon as it is noticed", async () => {
  await using place = await Place.make();
  await using store = place.broker.results(options);
  const id = newRequestId();
  await store.enter({ id, service });
  const watcher = await SecondProcess.startResults("watch", place.url, id);
  await watcher.count(1);
  using database = new DatabaseSync(place.url.slice("sqlite:".length), { readOnly: true });
  const count = (table: string) =>
    database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"];
  assert.equal(count("watches"), 1);
  await watcher.kill();
  await store.record({ id, service, state: "processing", attempt: 1 });
  await eventually(() => count("watches") === 0 && count("watch_news") === 0);
});

Deno.test("sqlite results: every response that a killed process had recorded is there", async () => {
  await using place = await Place.make();
  await using store = place.broker.results(options);
  const process = await SecondProcess.startResults("finish", place.url);
  await process.count(200);
  await process.kill();
  for (const id of process.lines) {
    const response = await store.response(id);
    assert.equal(new TextDecoder().decode(response?.body), id);
    assert.equal((await store.get(id))?.state, "succeeded");
  }
});

Deno.test("sqlite results: what is cancelled here, another process hears of", async () => {
  await using place = await Place.make();
  await using store = place.broker.results(options);
  const ids = [newRequestId(), newRequestId(), newRequestId()];
  for (const id of ids) await store.enter({ id, service });
  const until = Date.now() + 60_000;
  await store.cancel(ids[0] ?? "", until);
  await using listener = await SecondProcess.startResults("cancelled", place.url);
  await listener.count(1);
  for (const id of ids.slice(1)) await store.cancel(id, until);
  assert.deepEqual(await listener.count(3, { timeoutMs: 1_500 }), ids);
  const [[first] = []] = await take(store.cancelled(new AbortController().signal), 1);
  assert.equal(first?.id, ids[0]);
});
