import assert from "node:assert/strict";
import { clock, percentile, Place } from "./place.ts";
import { SecondProcess } from "./second_process.ts";

Deno.test("sqlite: a message is with a waiting consumer of another process in milliseconds", async () => {
  await using place = await Place.make();
  await using consumer = await SecondProcess.start("time", place.url, place.queue);
  for (let sent = 0; sent < 100; sent++) {
    await place.publish([{ body: new Uint8Array(100), headers: { sent: clock() } }]);
    await consumer.count(sent + 1);
  }
  const times = consumer.lines.map(Number);
  // A tenth of the slow look that would find the message without being woken.
  const [p50, p90] = [percentile(times, 0.5), percentile(times, 0.9)];
  assert.ok(p50 < 50 && p90 < 100, `p50 ${p50} ms, p90 ${p90} ms`);
});
