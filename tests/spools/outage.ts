import assert from "node:assert/strict";
import { readSpool } from "../../shared/spool/read_spool.ts";
import { eventually, type TestBroker, uniqueName, within } from "../brokers.ts";
import { digest, newWriter, openSpools, patterned, readAll } from "./bodies.ts";

/** What a writer and a reader get through an outage of the broker. */
export async function survives(t: TestBroker, outage: (name: string) => Promise<void>) {
  const name = uniqueName("proxymq-spools");
  const [one, two] = [await openSpools(t, name), await openSpools(t, name)];
  const id = t.spool();
  const body = patterned(3_000_000);
  const writer = await newWriter(one, id);
  const chunks: Uint8Array[] = [];
  const reading = (async () => {
    const options = { signal: new AbortController().signal, silenceMs: 60_000 };
    for await (const bytes of readSpool(two, id, options)) chunks.push(bytes);
  })();
  reading.catch(() => {});
  const half = body.length / 2;
  await writer.write(body.subarray(0, half));
  await eventually(() => chunks.reduce((sum, { length }) => sum + length, 0) === half);

  const [out] = [outage(name)];
  for (let at = half; at < body.length; at += 50_000) {
    // For a longer outage than a writer has patience, the broker is waited for.
    await writer.write(body.subarray(at, Math.min(at + 50_000, body.length)));
    if (at === half) await out;
  }
  await writer.finish();
  await within(reading, "the end", { timeoutMs: 40_000 });
  const got = new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  assert.equal(digest(got), digest(body));
  assert.equal(digest(await readAll(two, id)), digest(body));
}
