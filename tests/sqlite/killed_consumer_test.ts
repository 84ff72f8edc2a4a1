import assert from "node:assert/strict";
import { ack, Collector } from "../support/collector.ts";
import { eventually } from "../support/waiting.ts";
import { numbered, Place } from "./place.ts";
import { SecondProcess } from "./second_process.ts";

Deno.test("sqlite: what a killed process held is delivered again, within its lease", async () => {
  await using place = await Place.make();
  await place.publish(numbered(20));
  await using consumer = await SecondProcess.start("hold", place.url, place.queue);
  await consumer.count(20);
  assert.equal((await place.broker.stats(place.queue)).inFlight, 20);
  await using collector = new Collector(place.broker, place.queue, { settle: ack });
  await consumer.kill();

  const again = await collector.waitFor(20, { timeoutMs: 12_000 });
  for (const { redeliveries, attempt } of again) {
    assert.deepEqual({ redeliveries, attempt }, { redeliveries: 1, attempt: 1 });
  }
  await eventually(async () => {
    const { ready, inFlight, consumers } = await place.broker.stats(place.queue);
    assert.deepEqual({ ready, inFlight, consumers }, { ready: 0, inFlight: 0, consumers: 1 });
    return true;
  });
});

Deno.test("sqlite: what a process held that ended in order is delivered again at once", async () => {
  await using place = await Place.make();
  await place.publish(numbered(20));
  await using collector = new Collector(place.broker, place.queue, { prefetch: 1, settle: ack });
  await collector.waitFor(20);
  await collector.stop();
  await place.publish(numbered(20));
  {
    await using consumer = await SecondProcess.start("hold", place.url, place.queue);
    await consumer.count(20);
  }
  const { ready, inFlight, consumers } = await place.broker.stats(place.queue);
  assert.deepEqual({ ready, inFlight, consumers }, { ready: 20, inFlight: 0, consumers: 0 });
});
