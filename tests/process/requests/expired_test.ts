import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { eventually } from "../../brokers.ts";
import type { Member } from "./member.ts";
import { answeredAt, async, eachOf, type Stand, standTest, takeAt } from "./stand.ts";

const ttl = "3s";
const bodies = Array.from({ length: 50 }, (_, i) => `expires ${i}`);

/** Takes requests at both, some with keys, and waits until nobody knows them any more. */
async function expire(stand: Stand): Promise<void> {
  const { a, b, service } = stand;
  const ids: string[] = [];
  const takenAt = (i: number): Member => i % 2 ? a : b;
  await eachOf(bodies, async (body, i) => {
    const key = i % 5 === 0 ? { "idempotency-key": `"${service} ${i}"` } : {};
    ids[i] = await takeAt(takenAt(i), stand, body, key);
    await answeredAt(takenAt(i + 1), ids[i] ?? "", body);
  });
  await eachOf(ids, async (id) => {
    for (const { url } of [a, b]) {
      for (const path of ["", "/response", "/events"]) {
        await eventually(async () => {
          const response = await fetch(`${url}/requests/${id}${path}`);
          await response.body?.cancel();
          return response.status === 404;
        });
      }
    }
  });
}

/** Whether nothing is left of any request in a database file. */
async function assertEmpty(file: string): Promise<void> {
  using database = new DatabaseSync(file, { readOnly: true });
  for (const table of ["requests", "responses", "cancellations", "watches", "watch_news"]) {
    const count = database.prepare(`SELECT count(*) AS rows FROM ${table}`);
    await eventually(() => {
      assert.deepEqual({ ...count.get() }, { rows: 0 }, table);
      return true;
    });
  }
}

standTest(
  "after their time requests are unknown, out of the store, and their keys free",
  async (stand) => {
    await expire(stand);
    const { a, b, service, upstream, place } = stand;
    // A stream is trimmed by segments, as it grows: what is there still nobody tells.
    const [, file] = /^sqlite:(.*)$/.exec(place.url) ?? [];
    if (file !== undefined) await assertEmpty(file);
    for (const [i, { url }] of [a, b].entries()) {
      const body = bodies[5 * i] ?? "";
      const response = await fetch(`${url}/proxy/${service}/work`, {
        method: "POST",
        body,
        headers: { ...async, "idempotency-key": `"${service} ${5 * i}"` },
      });
      const { id } = await response.json();
      await answeredAt(a, id, body);
      assert.equal(upstream.runs.get(body), 2);
    }
  },
  { env: { ENQUEUER_RESULT_TTL: ttl } },
);
