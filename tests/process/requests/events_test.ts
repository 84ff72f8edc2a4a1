import assert from "node:assert/strict";
import { eventually } from "../../brokers.ts";
import { metric } from "../../support/metrics.ts";
import { answeredAt, standTest, takeAt } from "./stand.ts";

standTest(
  "the events at one enqueuer go on over a kill of the dequeuer, to the end",
  async (stand) => {
    const { a, b, upstream, dequeuers, service } = stand;
    upstream.hold();
    const id = await takeAt(a, stand, "watched");
    const stream = await fetch(`${b.url}/requests/${id}/events`);
    let text = "";
    const reading = (async () => {
      for await (const part of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += part;
      }
    })();
    await eventually(() => /"status":"processing","attempt":1\b/.test(text));
    const inFlight = () =>
      Promise.all(dequeuers.map(({ url }) => metric(url, "dequeuer_in_flight", { service })));
    const holder = dequeuers[(await inFlight()).indexOf(1)];
    await holder?.kill();
    // Over SQLite it comes back when the lease of the killed process, of 10 s, has run out.
    await eventually(() => /"status":"processing","attempt":2\b/.test(text), { timeoutMs: 25_000 });
    upstream.release();
    await reading;
    const events = text.split("\n\n").filter((block) => block.startsWith("id: "));
    const ids = events.map((block) => block.slice(0, block.indexOf("\n")));
    assert.equal(new Set(ids).size, ids.length, text);
    assert.match(events.at(-1) ?? "", /"status":"succeeded","attempt":2\b/);
    await answeredAt(b, id, "watched");
    assert.equal(upstream.runs.get("watched"), 2);
  },
);
