import { logger } from "../../log.ts";
import { newRequestId } from "../../message/request_id.ts";
import { WakeUp } from "../../wake_up.ts";
import { backoffMs, pause } from "../../waiting.ts";
import { Watchers } from "../watchers.ts";
import { decodeEntry, encodeEntry, type Entry, type EntryKind } from "./entry.ts";
import { type Indexed, RecordIndex } from "./record_index.ts";
import { ResponseCache } from "./response_cache.ts";
import type { LogEntry, ResultLog } from "./result_log.ts";

const log = logger("results");

/** What the latest responses may take in memory, bytes. */
const cachedBytes = 16 * 2 ** 20;
/** The clocks of writers and of the log's own keeper may differ by this, milliseconds. */
export const skewMs = 10_000;

const nothing = new Uint8Array(0);

interface Placed {
  readonly entry: Entry;
  readonly offset: number;
}

/**
 * Reads a log of results as it grows. A mark of its own, written at the start, parts the past from
 * what comes: what comes is taken up at once, and the past is read beside it, which takes long where
 * there is much of it. Until then what is said of requests of the past, and of keys, is set aside.
 */
export class LogReader implements AsyncDisposable {
  readonly index: RecordIndex;
  readonly responses = new ResponseCache(cachedBytes);
  /** Who wants to know of a request. */
  readonly watchers = new Watchers();
  /** Resolves when what comes is read. */
  readonly started: Promise<void>;
  /** Resolves when the past is read too. */
  readonly pastRead: Promise<void>;
  readonly #log: ResultLog;
  readonly #ttlMs: number;
  readonly #limit: number;
  readonly #stop = new AbortController();
  readonly #seen = new Watchers();
  readonly #running: Promise<unknown>;
  readonly #started = Promise.withResolvers<void>();
  #setAside: Placed[] | undefined = [];
  #lastOffset = -1;

  /** @param limit how many requests are kept at most. */
  constructor(log: ResultLog, ttlMs: number, limit: number) {
    this.#log = log;
    this.#ttlMs = ttlMs;
    this.#limit = limit;
    this.index = new RecordIndex(ttlMs, limit);
    this.started = this.#started.promise;
    this.pastRead = this.started.then(() => this.#readPast());
    this.#running = Promise.all([this.#readOn(), this.pastRead]);
  }

  /** Whether everything is in {@link index} that the log tells of a request. */
  complete(id: string): boolean {
    return this.#setAside === undefined && this.index.complete(id);
  }

  /** What the log has from a time (epoch milliseconds) to what was read last. */
  async *until(since: number): AsyncIterable<LogEntry> {
    const end = this.#lastOffset;
    for await (const entry of this.#log.tail(since, this.#stop.signal)) {
      yield entry;
      if (entry.offset >= end) return;
    }
  }

  /** Is woken when an entry like this is read. */
  sight(of: Pick<Entry, "kind" | "id">): Disposable & { readonly wakeUp: WakeUp } {
    const wakeUp = new WakeUp();
    this.#seen.add(sightOf(of), wakeUp);
    return {
      wakeUp,
      [Symbol.dispose]: () => {
        this.#seen.remove(sightOf(of), wakeUp);
        // So that whoever has given it up leaves no listener.
        wakeUp.wake();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #readOn(): Promise<void> {
    const { signal } = this.#stop;
    const marks = new Set<string>();
    const marking: Promise<void>[] = [];
    const onAttached = () => {
      if (this.#lastOffset >= 0) return;
      const mark = newRequestId();
      marks.add(mark);
      marking.push(appendMark(this.#log, mark, signal));
    };
    for await (const entry of this.#log.tail("now", signal, onAttached)) {
      if (this.#lastOffset >= 0) this.#take(entry);
      else if (!marks.has(entry.message.correlationId ?? "")) continue;
      this.#lastOffset = entry.offset;
      this.#started.resolve();
    }
    this.#started.resolve();
    await Promise.all(marking);
  }

  async #readPast(): Promise<void> {
    const { signal } = this.#stop;
    const past = new RecordIndex(this.#ttlMs, this.#limit);
    for await (const { message, offset } of this.until(Date.now() - this.#ttlMs - skewMs)) {
      const entry = decoded(message);
      if (entry) past.apply(entry, offset);
    }
    if (signal.aborted) return;
    this.index.adopt(past);
    const setAside = this.#setAside ?? [];
    this.#setAside = undefined;
    for (const { entry, offset } of setAside) {
      this.index.apply(entry, offset);
      this.watchers.wake(entry.id);
    }
  }

  #take({ message, offset }: LogEntry): void {
    const entry = decoded(message);
    if (!entry) return;
    if (this.#setAside && this.#dependsOnPast(entry)) {
      this.#setAside.push({ entry: withoutBody(entry), offset });
    } else this.#apply(entry, offset);
    this.#seen.wake(sightOf(entry));
  }

  #dependsOnPast({ kind, id, at, claim }: Entry): boolean {
    return claim !== undefined || (kind !== "enter" && !this.index.get(id, at));
  }

  #apply(entry: Entry, offset: number): void {
    const changed: Indexed | undefined = this.index.apply(entry, offset);
    if (changed?.responseAt === offset && entry.response) {
      this.responses.add(offset, entry.response);
    }
    this.watchers.wake(entry.id);
  }
}

/** Writes a mark, by which whoever reads the log knows how far it has come. */
export async function appendMark(to: ResultLog, id: string, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      return await to.append(encodeEntry({ kind: "mark", id, at: Date.now() }), true);
    } catch {
      await pause(backoffMs(failures), signal);
    }
  }
}

function decoded(message: LogEntry["message"]): Entry | undefined {
  try {
    return decodeEntry(message);
  } catch (error) {
    log.debug("an entry of the results is not understood: {error}", { error });
    return undefined;
  }
}

/** The entry with its response's status alone: the rest stands in the log. */
function withoutBody(entry: Entry): Entry {
  const { response } = entry;
  return response ? { ...entry, response: { ...response, headers: {}, body: nothing } } : entry;
}

function sightOf({ kind, id }: { readonly kind: EntryKind; readonly id: string }): string {
  return `${kind} ${id}`;
}
