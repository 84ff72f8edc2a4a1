/**
 * Callers, each with a connection of its own, who send requests of one kind for some seconds; a
 * process of its own, so that it takes nothing from the services' event loops. Prints what they saw
 * as JSON.
 *
 *     deno run -A load.ts URL KIND CONNECTIONS MS
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { median } from "../median.ts";
import { Connection } from "./connection.ts";

/**
 * - `sync`: the caller waits for the response.
 * - `keyed`: the same, with an `Idempotency-Key`.
 * - `async`: the caller gets 202, and fetches the response later, once.
 * - `unread`: the caller gets 202, and never comes back.
 */
export const kinds = ["sync", "keyed", "async", "unread"] as const;

/** How a request is sent. */
export type Kind = typeof kinds[number];

/** What the callers saw. */
export interface Load {
  /** Requests that were answered, and their responses fetched where that is meant. */
  readonly count: number;
  readonly seconds: number;
  /** Milliseconds from sending a request to the end of the answer to it. */
  readonly p50: number;
  /** Of fetching the response, where it is fetched. */
  readonly readP50?: number;
  /** How often it was not there yet. */
  readonly early: number;
}

/** How many requests later a caller comes back for a response. */
const comesBackAfter = 16;

async function call(url: URL, kind: Kind, end: () => boolean, seen: Seen): Promise<void> {
  using connection = await Connection.open(url);
  const pending: string[] = [];
  const body = '{"text":"hello"}';
  while (!end()) {
    const start = performance.now();
    const later = kind === "async" || kind === "unread";
    const { status, head } = await connection.exchange("POST", url.pathname, {
      "content-type": "application/json",
      ...(later ? { prefer: "respond-async" } : {}),
      ...(kind === "keyed" ? { "idempotency-key": `"${randomUUID()}"` } : {}),
    }, body);
    if (status !== (later ? 202 : 200)) throw new Error(`${kind}: ${status}\n${head}`);
    seen.times.push(performance.now() - start);
    if (kind !== "async") continue;
    pending.push(/^location: (\S+)/im.exec(head)?.[1] ?? "");
    if (pending.length > comesBackAfter) await read(connection, pending.shift() ?? "", seen);
  }
  for (const path of pending) await read(connection, path, seen);
}

interface Seen {
  readonly times: number[];
  readonly reads: number[];
  early: number;
}

async function read(connection: Connection, path: string, seen: Seen): Promise<void> {
  for (;;) {
    const start = performance.now();
    const { status } = await connection.exchange("GET", `${path}/response`);
    if (status === 200) return void seen.reads.push(performance.now() - start);
    if (status !== 409) throw new Error(`${path}: ${status}`);
    seen.early++;
    await delay(5);
  }
}

async function load(url: URL, kind: Kind, connections: number, ms: number): Promise<Load> {
  const seen: Seen = { times: [], reads: [], early: 0 };
  const start = performance.now();
  const end = () => performance.now() - start >= ms;
  await Promise.all(Array.from({ length: connections }, () => call(url, kind, end, seen)));
  return {
    count: seen.times.length,
    seconds: (performance.now() - start) / 1000,
    p50: median(seen.times),
    ...(seen.reads.length > 0 ? { readP50: median(seen.reads) } : {}),
    early: seen.early,
  };
}

if (import.meta.main) {
  const [url = "", name, connections, ms] = Deno.args;
  const kind = kinds.find((kind) => kind === name);
  if (!kind) throw new Error(`the kind is ${name}; allowed are ${kinds.join(", ")}`);
  console.log(JSON.stringify(await load(new URL(url), kind, Number(connections), Number(ms))));
}
