import { BrokerUnavailableError } from "../../broker/errors.ts";
import { logger } from "../../log.ts";
import { decodeCancel, encodeCancel } from "../../message/cancel.ts";
import type { QueuedResponse } from "../../message/envelope.ts";
import { newRequestId, requestIdTime } from "../../message/request_id.ts";
import { WakeUp } from "../../wake_up.ts";
import { backoffMs, pause, within } from "../../waiting.ts";
import { follow } from "../follow.ts";
import {
  type CancelledRequest,
  type Change,
  type Entered,
  finalStates,
  type NewRequest,
  type RequestRecord,
  type ResultStore,
  type ResultStoreOptions,
} from "../result_store.ts";
import { Watchers } from "../watchers.ts";
import { decodeEntry, encodeEntry, type Entry, type EntryKind } from "./entry.ts";
import { type Indexed, RecordIndex } from "./record_index.ts";
import { findInLog } from "./find_in_log.ts";
import { ResponseCache } from "./response_cache.ts";
import type { LogEntry, ResultLog } from "./result_log.ts";

const log = logger("results");

/** How many requests are kept in memory; the rest is looked up in the log. */
const mostIndexed = 200_000;
/** What the latest responses may take in memory, bytes. */
const cachedBytes = 16 * 2 ** 20;
const answerTimeoutMs = 9_500;
/** A request this young may be on its way to us still, milliseconds. */
const youngMs = 5_000;
/** How long it is waited for, milliseconds. */
const arrivalMs = 1_000;
/** The clocks of writers and of the log's own keeper may differ by this, milliseconds. */
const skewMs = 30_000;
const leastChoresMs = 500;
const mostChoresMs = 600_000;

/**
 * A result store on a log. Whoever looks requests up reads the log as it grows, and what it says
 * decides: of two that want the same key, the one that stands first in it has it. A request that
 * stays open for long is entered again before the log forgets it.
 */
export class LogResults implements ResultStore {
  readonly #results: ResultLog;
  readonly #cancels: ResultLog;
  readonly #ttlMs: number;
  readonly #lookUps: boolean;
  readonly #stop = new AbortController();
  readonly #index: RecordIndex;
  readonly #responses = new ResponseCache(cachedBytes);
  readonly #watchers = new Watchers();
  readonly #seen = new Watchers();
  readonly #tailing: Promise<void>;
  readonly #caughtUp: Promise<void>;
  readonly #chores: ReturnType<typeof setInterval> | undefined;
  #search: Promise<unknown> = Promise.resolve();

  /**
   * @param results the log that requests and their changes are written to.
   * @param cancels the log of the cancelled requests, which has to keep them until they are due.
   */
  constructor(results: ResultLog, cancels: ResultLog, { ttlMs, lookUps }: ResultStoreOptions) {
    this.#results = results;
    this.#cancels = cancels;
    this.#ttlMs = ttlMs;
    this.#lookUps = lookUps;
    this.#index = new RecordIndex(ttlMs, mostIndexed);
    this.#tailing = lookUps ? this.#tail() : Promise.resolve();
    this.#caughtUp = lookUps ? this.#catchUp() : Promise.resolve();
    const everyMs = Math.min(mostChoresMs, Math.max(leastChoresMs, ttlMs / 8));
    if (lookUps) this.#chores = setInterval(() => this.#doChores(), everyMs);
  }

  async enter({ id, ...request }: NewRequest): Promise<Entered> {
    this.#checkLookUps();
    const entry: Entry = { kind: "enter", id, at: Date.now(), state: "queued", ...request };
    const key = request.claim?.key;
    if (key === undefined) {
      await this.#append(entry, true);
      return { kind: "new" };
    }
    await this.#ready();
    for (;;) {
      const holder = this.#index.holder(key, Date.now());
      if (holder && holder.record.id !== id) return { kind: "taken", record: holder.record };
      await this.#appendAndSee({ ...entry, at: Date.now() });
      if (this.#index.get(id, Date.now())) return { kind: "new" };
    }
  }

  async confirm(id: string): Promise<void> {
    this.#checkLookUps();
    await this.#append({ kind: "confirm", id, at: Date.now() }, true);
  }

  async withdraw(id: string): Promise<void> {
    this.#checkLookUps();
    await this.#append({ kind: "withdraw", id, at: Date.now() }, true);
  }

  record(change: Change): Promise<void> {
    const confirm = finalStates.has(change.state);
    return this.#append({ kind: "change", at: Date.now(), ...change }, confirm);
  }

  async get(id: string): Promise<RequestRecord | undefined> {
    return (await this.#find(id))?.record;
  }

  async response(id: string): Promise<QueuedResponse | undefined> {
    const { responseAt: offset, record } = await this.#find(id) ?? {};
    if (offset === undefined || record?.status === undefined) return undefined;
    const cached = this.#responses.get(offset);
    if (cached) return cached;
    const message = await this.#results.read(offset, this.#stop.signal);
    const response = message?.correlationId === id ? decodeEntry(message).response : undefined;
    if (response) this.#responses.add(offset, response);
    return response;
  }

  async *watch(id: string, signal: AbortSignal): AsyncIterable<RequestRecord> {
    const found = await this.#find(id);
    const indexed = this.#index.get(id, Date.now()) !== undefined;
    // One that was found in the log alone has no later changes, or they are in the index.
    const read = () => (this.#index.get(id, Date.now()) ?? (indexed ? undefined : found))?.record;
    const wakeUp = new WakeUp();
    this.#watchers.add(id, wakeUp);
    try {
      yield* follow(read, wakeUp, [signal, this.#stop.signal]);
    } finally {
      this.#watchers.remove(id, wakeUp);
    }
  }

  async cancel(id: string, until: number): Promise<RequestRecord | undefined> {
    const found = await this.#find(id);
    if (!found) return undefined;
    if (!finalStates.has(found.record.state)) {
      if (!this.#index.get(id, Date.now())) await this.#append(refreshOf(found.record), true);
      await this.#appendAndSee({ kind: "cancel", id, at: Date.now() });
    }
    const record = this.#index.get(id, Date.now())?.record ?? found.record;
    if (record.state === "cancelled") {
      const cancel = encodeCancel({ id, reason: "requested", deadline: until });
      await this.#cancels.append({ ...cancel, durable: true }, true);
    }
    return record;
  }

  async *cancelled(signal: AbortSignal): AsyncIterable<readonly CancelledRequest[]> {
    this.#stop.signal.throwIfAborted();
    const either = AbortSignal.any([signal, this.#stop.signal]);
    const mark = newRequestId();
    const marked = this.#appendMark(this.#cancels, mark, either);
    const first: CancelledRequest[] = [];
    let isFirst = true;
    for await (const { message } of this.#cancels.tail(0, either)) {
      if (isFirst && message.correlationId === mark) {
        isFirst = false;
        yield first.filter(({ until }) => until > Date.now());
        first.length = 0;
        continue;
      }
      const cancelled = cancelledRequest(message);
      if (!cancelled) continue;
      if (isFirst) first.push(cancelled);
      else yield [cancelled];
    }
    await marked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#chores);
    this.#stop.abort(new BrokerUnavailableError("the result store is closed"));
    await Promise.all([this.#tailing, this.#caughtUp, this.#search]);
  }

  async #tail(): Promise<void> {
    const since = Date.now() - this.#ttlMs - skewMs;
    for await (const entry of this.#results.tail(since, this.#stop.signal)) this.#take(entry);
  }

  #take({ message, offset }: LogEntry): void {
    let entry: Entry;
    try {
      entry = decodeEntry(message);
    } catch (error) {
      log.debug("an entry of the results is not understood: {error}", { error });
      return;
    }
    const changed = this.#index.apply(entry, offset);
    if (changed?.responseAt === offset && entry.response) {
      this.#responses.add(offset, entry.response);
    }
    this.#seen.wake(sightOf(entry));
    this.#watchers.wake(entry.id);
  }

  /** Reads up to what was written until now. */
  async #catchUp(): Promise<void> {
    const { signal } = this.#stop;
    const id = newRequestId();
    using seen = this.#sight({ kind: "mark", id });
    await this.#appendMark(this.#results, id, signal);
    await seen.wakeUp.next([signal]);
  }

  async #appendMark(to: ResultLog, id: string, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        return await to.append(encodeEntry({ kind: "mark", id, at: Date.now() }), true);
      } catch {
        await pause(backoffMs(failures), signal);
      }
    }
  }

  async #append(entry: Entry, confirm: boolean): Promise<void> {
    this.#stop.signal.throwIfAborted();
    await this.#results.append(encodeEntry(entry), confirm);
  }

  /** Appends an entry, and waits until the index has taken it. */
  async #appendAndSee(entry: Entry): Promise<void> {
    using seen = this.#sight(entry);
    await this.#append(entry, true);
    const { signal } = this.#stop;
    await within(seen.wakeUp.next([signal]), { ms: answerTimeoutMs, late: notRead });
    signal.throwIfAborted();
  }

  /** Is woken when an entry like this is read. */
  #sight(of: { readonly kind: EntryKind; readonly id: string }): Disposable & { wakeUp: WakeUp } {
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

  #checkLookUps(): void {
    this.#stop.signal.throwIfAborted();
    if (!this.#lookUps) throw new Error("this result store was opened without lookUps");
  }

  /** Waits until what was written before the start is read. */
  async #ready(): Promise<void> {
    await within(this.#caughtUp, { ms: answerTimeoutMs, late: notRead });
    this.#stop.signal.throwIfAborted();
  }

  async #find(id: string): Promise<Indexed | undefined> {
    this.#checkLookUps();
    await this.#ready();
    const now = Date.now();
    const known = this.#index.get(id, now);
    if (known) return known;
    const madeAt = requestIdTime(id);
    if (madeAt === undefined || madeAt > now + skewMs) return undefined;
    if (!this.#results.attached) throw notRead();
    if (!this.#index.complete(id)) return await this.#searchFor(id, madeAt);
    if (madeAt < now - youngMs) return undefined;
    await this.#arrival(id);
    return this.#index.get(id, Date.now());
  }

  /** Waits a little for a request that is unknown. */
  async #arrival(id: string): Promise<void> {
    const wakeUp = new WakeUp();
    this.#watchers.add(id, wakeUp);
    const timer = setTimeout(() => wakeUp.wake(), arrivalMs);
    await wakeUp.next([this.#stop.signal]);
    clearTimeout(timer);
    this.#watchers.remove(id, wakeUp);
  }

  /** Looks in the log for a request that the index has let go of; one search at a time. */
  #searchFor(id: string, madeAt: number): Promise<Indexed | undefined> {
    const search = this.#search.then(() =>
      findInLog(this.#results, id, {
        since: madeAt - skewMs,
        ttlMs: this.#ttlMs,
        signal: this.#stop.signal,
      })
    );
    this.#search = search.catch(() => {});
    return within(search, { ms: answerTimeoutMs, late: notRead });
  }

  #doChores(): void {
    const now = Date.now();
    this.#index.sweep(now);
    for (const { record, loggedAt } of this.#index.open) {
      if (loggedAt + this.#ttlMs / 2 > now) continue;
      this.#append(refreshOf(record), false).catch(() => {});
    }
  }
}

function sightOf({ kind, id }: { readonly kind: EntryKind; readonly id: string }): string {
  return `${kind} ${id}`;
}

function refreshOf({ status: _, ...record }: RequestRecord): Entry {
  return { kind: "refresh", at: Date.now(), ...record };
}

function cancelledRequest(message: LogEntry["message"]): CancelledRequest | undefined {
  try {
    const { id, deadline } = decodeCancel(message);
    return deadline === undefined ? undefined : { id, until: deadline };
  } catch {
    // Somebody's mark.
    return undefined;
  }
}

function notRead(): BrokerUnavailableError {
  return new BrokerUnavailableError("the log of the results cannot be read just now");
}
