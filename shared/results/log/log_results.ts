import { BrokerUnavailableError } from "../../broker/errors.ts";
import { decodeCancel, encodeCancel } from "../../message/cancel.ts";
import type { QueuedResponse } from "../../message/envelope.ts";
import { newRequestId, requestIdTime } from "../../message/request_id.ts";
import { within } from "../../waiting.ts";
import { WakeUp } from "../../wake_up.ts";
import { responseOf } from "../changed.ts";
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
import { decodeEntry, encodeEntry, type Entry } from "./entry.ts";
import { findInLog } from "./find_in_log.ts";
import { appendMark, LogReader, skewMs } from "./log_reader.ts";
import type { Indexed } from "./record_index.ts";
import type { LogEntry, ResultLog } from "./result_log.ts";

/** How many requests are kept in memory; the rest is looked up in the log. */
const mostIndexed = 200_000;
const answerTimeoutMs = 9_500;
/** A request this young may be on its way to us still, milliseconds. */
const youngMs = 5_000;
/** How long it is waited for, milliseconds; and how long where it may stand in the log already. */
const arrivalMs = 1_000;
const soonMs = 100;
const leastChoresMs = 500;
const mostChoresMs = 600_000;

/**
 * A result store on a log. Whoever looks requests up reads the log as it grows, and what it says
 * decides: of two that want the same key, the one that stands first in it has it. A request that
 * stays open for long is told of again before the log forgets it.
 */
export class LogResults implements ResultStore {
  readonly #results: ResultLog;
  readonly #cancels: ResultLog;
  readonly #ttlMs: number;
  readonly #reader: LogReader | undefined;
  readonly #stop = new AbortController();
  readonly #chores: ReturnType<typeof setInterval> | undefined;
  /** One at a time. */
  #search: Promise<unknown> = Promise.resolve();

  /**
   * @param results the log that requests and their changes are written to.
   * @param cancels the log of the cancelled requests, which has to keep them until they are due.
   * @param limit how many requests are kept in memory.
   */
  constructor(
    results: ResultLog,
    cancels: ResultLog,
    { ttlMs, lookUps }: ResultStoreOptions,
    limit: number = mostIndexed,
  ) {
    this.#results = results;
    this.#cancels = cancels;
    this.#ttlMs = ttlMs;
    if (!lookUps) return;
    const reader = this.#reader = new LogReader(results, ttlMs, limit);
    const everyMs = Math.min(mostChoresMs, Math.max(leastChoresMs, ttlMs / 8));
    this.#chores = setInterval(() => this.#doChores(reader), everyMs);
  }

  async enter({ id, ...request }: NewRequest): Promise<Entered> {
    const { index } = this.#open();
    const entry = (): Entry => ({ kind: "enter", id, at: Date.now(), state: "queued", ...request });
    const key = request.claim?.key;
    if (key === undefined) {
      await this.#append(entry(), true);
      return { kind: "new" };
    }
    await this.#pastRead();
    for (;;) {
      const holder = index.holder(key, Date.now());
      if (holder && holder.record.id !== id) return { kind: "taken", record: holder.record };
      await this.#appendAndSee(entry());
      if (index.get(id, Date.now())) return { kind: "new" };
    }
  }

  async confirm(id: string): Promise<void> {
    this.#open();
    if (id) await this.#append({ kind: "confirm", id, at: Date.now() }, true);
  }

  async withdraw(id: string): Promise<void> {
    this.#open();
    if (id) await this.#appendAndSee({ kind: "withdraw", id, at: Date.now() });
  }

  record(change: Change): Promise<void> {
    const confirm = finalStates.has(change.state) || responseOf(change) !== undefined;
    return this.#append({ kind: "change", at: Date.now(), ...change }, confirm);
  }

  async get(id: string): Promise<RequestRecord | undefined> {
    return (await this.#find(id))?.record;
  }

  async response(id: string): Promise<QueuedResponse | undefined> {
    const { responses } = this.#open();
    const offset = (await this.#find(id))?.responseAt;
    if (offset === undefined) return undefined;
    const cached = responses.get(offset);
    if (cached) return cached;
    const message = await this.#results.read(offset, this.#stop.signal);
    const response = message?.correlationId === id ? decodeEntry(message).response : undefined;
    if (response) responses.add(offset, response);
    return response;
  }

  async *watch(id: string, signal: AbortSignal): AsyncIterable<RequestRecord> {
    const { index, watchers } = this.#open();
    const found = await this.#find(id);
    const indexed = index.get(id, Date.now()) !== undefined;
    // What is found in the log alone stands still, until the index knows of it too.
    const read = () => (index.get(id, Date.now()) ?? (indexed ? undefined : found))?.record;
    const wakeUp = new WakeUp();
    watchers.add(id, wakeUp);
    try {
      yield* follow(read, wakeUp, [signal, this.#stop.signal]);
    } finally {
      watchers.remove(id, wakeUp);
    }
  }

  async delayed(): Promise<ReadonlyMap<string, number>> {
    const { index } = this.#open();
    await this.#pastRead();
    return index.delayed(Date.now());
  }

  async cancel(id: string, until: number): Promise<RequestRecord | undefined> {
    const { index } = this.#open();
    await this.#pastRead();
    const found = await this.#find(id);
    if (!found) return undefined;
    if (!finalStates.has(found.record.state)) {
      if (!index.get(id, Date.now())) await this.#append(refreshOf(found.record), true);
      await this.#appendAndSee({ kind: "cancel", id, at: Date.now() });
    }
    const record = index.get(id, Date.now())?.record ?? found.record;
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
    const marked = appendMark(this.#cancels, mark, either);
    let first: CancelledRequest[] | undefined = [];
    for await (const { message } of this.#cancels.tail(0, either)) {
      const cancelled = cancelledRequest(message);
      if (first && message.correlationId === mark) {
        yield first;
        first = undefined;
      } else if (cancelled && cancelled.until > Date.now()) {
        if (first) first.push(cancelled);
        else yield [cancelled];
      }
    }
    await marked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#chores);
    this.#stop.abort(new BrokerUnavailableError("the result store is closed"));
    await Promise.all([this.#reader?.[Symbol.asyncDispose](), this.#search]);
  }

  #open(): LogReader {
    this.#stop.signal.throwIfAborted();
    if (!this.#reader) throw new Error("this result store was opened without lookUps");
    return this.#reader;
  }

  async #append(entry: Entry, confirm: boolean): Promise<void> {
    this.#stop.signal.throwIfAborted();
    await this.#results.append(encodeEntry(entry), confirm);
  }

  /** Appends an entry, and waits until it is read. */
  async #appendAndSee(entry: Entry): Promise<void> {
    using seen = this.#open().sight(entry);
    await this.#append(entry, true);
    await this.#inTime(seen.wakeUp.next([this.#stop.signal]));
  }

  async #pastRead(): Promise<void> {
    await this.#inTime(this.#open().pastRead);
  }

  async #inTime<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#stop;
    const value = await within(promise, { ms: answerTimeoutMs, late: notRead, signals: [signal] });
    signal.throwIfAborted();
    return value;
  }

  async #find(id: string): Promise<Indexed | undefined> {
    const reader = this.#open();
    const known = () => reader.index.get(id, Date.now());
    const indexed = known();
    if (indexed) return indexed;
    const madeAt = requestIdTime(id);
    const now = Date.now();
    if (madeAt === undefined || madeAt > now + skewMs) return undefined;
    await this.#inTime(reader.started);
    if (!this.#results.attached) throw notRead();
    const complete = reader.complete(id);
    if (madeAt > now - youngMs) await this.#arrival(reader, id, complete ? arrivalMs : soonMs);
    return known() ?? (complete ? undefined : await this.#searchFor(reader, id, madeAt));
  }

  /** Waits a little for a request that is unknown. */
  async #arrival({ index, watchers }: LogReader, id: string, ms: number): Promise<void> {
    const wakeUp = new WakeUp();
    watchers.add(id, wakeUp);
    const timer = setTimeout(() => wakeUp.wake(), ms);
    if (!index.get(id, Date.now())) await wakeUp.next([this.#stop.signal]);
    clearTimeout(timer);
    watchers.remove(id, wakeUp);
  }

  /** Looks in the log for a request that is not in the index. */
  #searchFor(reader: LogReader, id: string, madeAt: number): Promise<Indexed | undefined> {
    const search = this.#search.then(() =>
      findInLog(reader.until(madeAt - skewMs), id, this.#ttlMs)
    );
    this.#search = search.catch(() => {});
    return this.#inTime(search);
  }

  #doChores({ index }: LogReader): void {
    const now = Date.now();
    index.sweep(now);
    for (const { record, loggedAt } of index.open) {
      if (loggedAt + this.#ttlMs / 2 > now) continue;
      this.#append(refreshOf(record), false).catch(() => {});
    }
  }
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
