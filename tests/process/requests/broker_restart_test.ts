import assert from "node:assert/strict";
import { eventually } from "../../brokers.ts";
import { answeredAt, becomesAt, concurrency, standTest, takeAt } from "./stand.ts";

standTest(
  "a restart of the server loses nothing of what was taken, is run or has ended",
  async (stand) => {
    const { a, b, upstream, place: { faults } } = stand;
    // A server that is given, not ours, is not to be restarted.
    if (!faults?.restart) return;
    const many = (name: string, count: number) =>
      Array.from({ length: count }, (_, i) => `${name} ${i}`);
    const send = (bodies: readonly string[]) =>
      Promise.all(
        bodies.map(async (body, i) => [await takeAt(i % 2 ? a : b, stand, body), body] as const),
      );
    const ended = await send(many("ended", 20));
    for (const [id, body] of ended) await answeredAt(a, id, body);
    upstream.hold();
    const open = await send(many("open", 4 * concurrency));
    await eventually(() => upstream.runs.size === 20 + 2 * concurrency);
    const [running = ""] = open.find(([, body]) => upstream.runs.has(body)) ?? [];
    await becomesAt(b, running, "processing");
    const later = await takeAt(a, stand, "later", { "proxymq-delay": "8" });
    await faults.restart();
    upstream.release();
    for (const [id, body] of [...ended, ...open, [later, "later"] as const]) {
      await Promise.all([answeredAt(a, id, body), answeredAt(b, id, body)]);
      await becomesAt(a, id, "succeeded");
    }
    const twice = [...upstream.runs].filter(([, count]) => count > 1);
    // Those that were held when their connection went come again, once.
    assert.ok(twice.length <= 2 * concurrency, `${twice.length} run again`);
    assert.deepEqual(twice.filter(([, count]) => count > 2), []);
  },
  { only: /rabbitmq|redis/ },
);
