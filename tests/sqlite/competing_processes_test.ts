import assert from "node:assert/strict";
import { eventually } from "../support/waiting.ts";
import { numbered, Place } from "./place.ts";
import { SecondProcess } from "./second_process.ts";

Deno.test("sqlite: of 1000 messages to two processes each is handled by exactly one", async () => {
  await using place = await Place.make();
  await using first = await SecondProcess.start("take", place.url, place.queue);
  await using second = await SecondProcess.start("take", place.url, place.queue);
  const messages = numbered(1000);
  for (let at = 0; at < messages.length; at += 10) await place.publish(messages.slice(at, at + 10));
  const taken = await eventually(() => {
    const all = [...first.lines, ...second.lines];
    if (all.length >= messages.length) return all;
    throw new Error(`${all.length} of ${messages.length}`);
  });
  assert.deepEqual(
    taken.sort((a, b) => Number(a) - Number(b)),
    messages.map(({ correlationId }) => correlationId),
  );
  assert.ok(first.lines.length > 0 && second.lines.length > 0);
  const { ready, inFlight, dead } = await place.broker.stats(place.queue);
  assert.deepEqual({ ready, inFlight, dead }, { ready: 0, inFlight: 0, dead: 0 });
});
