import { createHash } from "node:crypto";
import { now } from "./microservice.ts";

/** How the events of a stream came. */
export interface EventTimes {
  /** From the request to its first event, milliseconds. */
  readonly firstMs: number;
  /** From an event's being sent to its arrival, milliseconds, of each. */
  readonly lagsMs: readonly number[];
}

/** Reads a stream of events. */
export async function readEvents(url: string, count: number, paceMs: number): Promise<EventTimes> {
  const start = performance.now();
  let firstMs = NaN;
  const lagsMs: number[] = [];
  let text = "";
  const response = await fetch(`${url}/events?count=${count}&pace=${paceMs}`);
  for await (
    const part of (response.body ?? new Blob().stream()).pipeThrough(new TextDecoderStream())
  ) {
    const at = now();
    if (lagsMs.length === 0) firstMs = performance.now() - start;
    text += part;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) lagsMs.push(at - Number(event.slice("data: ".length)));
  }
  if (lagsMs.length !== count) throw new Error(`${lagsMs.length} of ${count} events came`);
  return { firstMs, lagsMs };
}

/** How a large response came. */
export interface Download {
  /** Bytes a second. */
  readonly rate: number;
  /** Whether every byte was right. */
  readonly right: boolean;
}

/** Reads a large response, and hashes it where that does not disturb the measurement. */
export async function download(
  url: string,
  size: number,
  hashes: boolean,
): Promise<Download> {
  const hash = createHash("sha256");
  const start = performance.now();
  const response = await fetch(`${url}/bytes?size=${size}`);
  let read = 0;
  for await (const part of response.body ?? []) {
    read += part.byteLength;
    if (hashes) hash.update(part);
  }
  const rate = size / ((performance.now() - start) / 1_000);
  if (!hashes) return { rate, right: read === size };
  const expected = await (await fetch(`${url}/hash`)).text();
  return { rate, right: read === size && hash.digest("hex") === expected };
}
