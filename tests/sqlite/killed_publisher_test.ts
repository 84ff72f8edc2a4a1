import assert from "node:assert/strict";
import { ack, Collector } from "../support/collector.ts";
import { Place } from "./place.ts";
import { SecondProcess } from "./second_process.ts";

Deno.test("sqlite: every message that a killed process had confirmed is there, in order", async () => {
  await using place = await Place.make();
  let published = 0;
  for (const lines of [1, 50, 200]) {
    await using publisher = await SecondProcess.start("publish", place.url, place.queue);
    await publisher.count(lines);
    await publisher.kill();
    const confirmed = publisher.lines.length;
    const { ready } = await place.broker.stats(place.queue);
    // The last one may have been committed without its being told any more.
    assert.ok(ready === confirmed || ready === confirmed + 1, `${ready} of ${confirmed}`);

    await using collector = new Collector(place.broker, place.queue, { settle: ack });
    await collector.waitFor(ready);
    const came = collector.deliveries.map(({ message }) => message.correlationId);
    assert.deepEqual(came.slice(0, confirmed), publisher.lines);
    published += ready;
  }
  assert.ok(published > 250);
});
