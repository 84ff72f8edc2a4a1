import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
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

/** How a large body came. */
export interface Download {
  /** Bytes a second. */
  readonly rate: number;
  /** Whether every byte was right. */
  readonly right: boolean;
}

/**
 * Reads a large response, and hashes it where that does not disturb the measurement.
 * @param from where it is, if it is kept.
 */
export async function download(
  url: string,
  size: number,
  hashes: boolean,
  from?: string,
): Promise<Download> {
  const hash = createHash("sha256");
  const start = performance.now();
  const response = await fetch(from ?? `${url}/bytes?size=${size}`);
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

/** Sends a large request, and compares what the microservice has hashed. */
export async function upload(url: string, size: number): Promise<Download> {
  const hash = createHash("sha256");
  const block = new Uint8Array(65_536).map((_, i) => i * 37 + (i >> 8));
  const { hostname, port, pathname } = new URL(`${url}/take`);
  const start = performance.now();
  const told = Promise.withResolvers<string>();
  const headers = { "content-length": size, prefer: "wait=600" };
  const request = httpRequest(
    { hostname, port, path: pathname, method: "POST", headers },
    async (response) => {
      let text = "";
      for await (const part of response) text += part;
      told.resolve(text);
    },
  );
  request.on("error", told.reject);
  for (let sent = 0; sent < size; sent += block.byteLength) {
    const part = block.subarray(0, Math.min(block.byteLength, size - sent));
    hash.update(part);
    if (!request.write(part)) await new Promise((resolve) => request.once("drain", resolve));
  }
  request.end();
  const right = await told.promise === hash.digest("hex");
  return { rate: size / ((performance.now() - start) / 1_000), right };
}

/** Has a large response kept, and reads it once it is whole; the time of both counts. */
export async function keep(url: string, size: number): Promise<Download> {
  const start = performance.now();
  const accepted = await fetch(`${url}/bytes?size=${size}`, {
    headers: { prefer: "respond-async" },
  });
  if (accepted.status !== 202) throw new Error(`status ${accepted.status}: no queue in between`);
  const { links } = await accepted.json();
  const { origin } = new URL(url);
  for await (const _ of (await fetch(origin + links.events)).body ?? []);
  const { right } = await download(url, size, true, `${origin}${links.response}`);
  return { rate: size / ((performance.now() - start) / 1_000), right };
}
