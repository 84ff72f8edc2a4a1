import { requestIdTime } from "../../message/request_id.ts";
import { changed, entered, expiresAt, isAbandoned, isDelayed } from "../changed.ts";
import { finalStates, type RequestRecord } from "../result_store.ts";
import type { Entry } from "./entry.ts";

/** What is known of a request, and where the log has its response. */
export interface Indexed {
  readonly record: RequestRecord;
  /** The offset of the entry that holds the response. */
  readonly responseAt?: number;
  /** When the log last told of it; epoch milliseconds. */
  readonly loggedAt: number;
}

/**
 * The state of every request that a log tells of, made from its entries in their order. Every
 * process that reads the same entries comes to the same states, so that the log decides races.
 *
 * It keeps a bounded number of requests, and lets go of those that have ended first: what is
 * missing here may still stand in the log ({@link RecordIndex.complete}).
 */
export class RecordIndex {
  readonly #ttlMs: number;
  readonly #limit: number;
  readonly #open = new Map<string, Indexed>();
  readonly #ended = new Map<string, Indexed>();
  /** The ids of the requests that have a key. */
  readonly #keys = new Map<string, string>();
  #dropped = 0;

  /**
   * @param ttlMs how long an ended request is known, milliseconds.
   * @param limit how many requests are kept at most.
   */
  constructor(ttlMs: number, limit: number) {
    this.#ttlMs = ttlMs;
    this.#limit = limit;
  }

  get size(): number {
    return this.#open.size + this.#ended.size;
  }

  /** The requests that have not ended. */
  get open(): Iterable<Indexed> {
    return this.#open.values();
  }

  /** How many requests of each service wait for their time. */
  delayed(now: number): Map<string, number> {
    const counts = new Map<string, number>();
    for (const indexed of this.#open.values()) {
      const { record } = indexed;
      if (!isDelayed(record, now) || this.#isOver(indexed, now)) continue;
      counts.set(record.service, (counts.get(record.service) ?? 0) + 1);
    }
    return counts;
  }

  /** Whether everything is kept here that the log tells of a request. */
  complete(id: string): boolean {
    return (requestIdTime(id) ?? Infinity) > this.#dropped;
  }

  get(id: string, now: number): Indexed | undefined {
    const indexed = this.#open.get(id) ?? this.#ended.get(id);
    return indexed && !this.#isOver(indexed, now) ? indexed : undefined;
  }

  /** The request that has a key, if one has. */
  holder(key: string, now: number): Indexed | undefined {
    const id = this.#keys.get(key);
    const indexed = id === undefined ? undefined : this.get(id, now);
    return indexed && !isAbandoned(indexed.record, now) ? indexed : undefined;
  }

  /**
   * Takes an entry.
   * @returns the request as it is after it, if the entry has changed it.
   */
  apply(entry: Entry, offset: number): Indexed | undefined {
    const before = this.get(entry.id, entry.at);
    if (entry.kind === "withdraw") this.#delete(entry.id);
    const after = before ? next(before, entry, offset) : this.#first(entry, offset);
    if (after && after !== before) this.#set(after);
    return after?.record === before?.record ? undefined : after;
  }

  /** Takes over from an index of earlier entries what is not known here. */
  adopt(earlier: RecordIndex): void {
    this.#dropped = Math.max(this.#dropped, earlier.#dropped);
    for (const requests of [earlier.#ended, earlier.#open]) {
      for (const [id, indexed] of requests) {
        if (!this.#open.has(id) && !this.#ended.has(id)) this.#set(indexed);
      }
    }
  }

  /** Forgets what is over its time. */
  sweep(now: number): void {
    for (const requests of [this.#ended, this.#open]) {
      for (const [id, indexed] of requests) if (this.#isOver(indexed, now)) this.#delete(id);
    }
  }

  #first(entry: Entry, offset: number): Indexed | undefined {
    const { kind, claim, at } = entry;
    if (kind === "change") return withChange(undefined, entry, offset);
    if (kind !== "enter" && kind !== "refresh") return undefined;
    if (kind === "enter" && claim) {
      if (this.holder(claim.key, at)) return undefined;
      this.#keys.delete(claim.key);
    }
    return { record: initial(entry), loggedAt: at };
  }

  #isOver({ record }: Indexed, now: number): boolean {
    return expiresAt(record, this.#ttlMs) <= now;
  }

  #set(indexed: Indexed): void {
    const { id, state, claim } = indexed.record;
    this.#open.delete(id);
    // So that those that have ended stand in the order of their ending.
    this.#ended.delete(id);
    (finalStates.has(state) ? this.#ended : this.#open).set(id, indexed);
    // One whose key another has taken over does not get it back.
    if (claim && !this.get(this.#keys.get(claim.key) ?? "", indexed.loggedAt)) {
      this.#keys.set(claim.key, id);
    }
    if (this.size > this.#limit) this.#drop();
  }

  #drop(): void {
    const [id] = this.#ended.size > 0 ? this.#ended.keys() : this.#open.keys();
    if (id === undefined) return;
    this.#dropped = Math.max(this.#dropped, requestIdTime(id) ?? 0);
    this.#delete(id);
  }

  #delete(id: string): void {
    const indexed = this.#open.get(id) ?? this.#ended.get(id);
    this.#open.delete(id);
    this.#ended.delete(id);
    const key = indexed?.record.claim?.key;
    if (key !== undefined && this.#keys.get(key) === id) this.#keys.delete(key);
  }
}

function initial({ kind: _, at, response: __, ...entry }: Entry): RequestRecord {
  const { service = "", createdAt = at } = entry;
  return { ...entered({ ...entry, service }, createdAt), ...entry, service };
}

/** What an entry makes of a request that is known; the same object if nothing. */
function next(before: Indexed, entry: Entry, offset: number): Indexed | undefined {
  const { record } = before;
  const { kind, at } = entry;
  switch (kind) {
    case "change":
      return withChange(before, entry, offset);
    case "cancel":
      return withChange(before, { ...entry, state: "cancelled", run: record.run }, offset);
    case "confirm":
      return { ...before, record: { ...record, confirmed: true }, loggedAt: at };
    case "refresh":
      return { ...before, loggedAt: at };
    case "withdraw":
      return undefined;
    case "enter":
    case "mark":
      return before;
  }
}

function withChange(
  before: Indexed | undefined,
  { kind: _, at, service = "", state = "queued", ...entry }: Entry,
  offset: number,
): Indexed | undefined {
  const record = changed(before?.record, { ...entry, service, state }, at);
  if (!record) return before;
  return {
    record,
    loggedAt: at,
    ...(record.status === undefined ? {} : { responseAt: offset }),
  };
}
