import type { QueuedResponse } from "../../message/envelope.ts";
import {
  changed,
  entered,
  expiresAt,
  isAbandoned,
  isDelayed,
  responseOf,
} from "../../results/changed.ts";
import {
  type CancelledRequest,
  type Change,
  type Entered,
  finalStates,
  type NewRequest,
  type RequestRecord,
} from "../../results/result_store.ts";
import { Watchers } from "../../results/watchers.ts";
import { type Deadline, DeadlineWheel } from "../../deadline_wheel.ts";
import type { WakeUp } from "../../wake_up.ts";

/** What has expired is unknown at once, and is gone so much later at the most, milliseconds. */
const SWEEP_EVERY = 1_000;

interface Entry {
  readonly record: RequestRecord;
  readonly response: QueuedResponse | undefined;
  /** That of the store by which it was entered, milliseconds. */
  readonly ttlMs: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  readonly expiry: Deadline;
}

/** The requests that are known to the handles of one name. */
export class Results {
  readonly watchers = new Watchers();
  /** Those who hear of what is cancelled. */
  readonly listeners = new Set<WakeUp>();
  readonly #entries = new Map<string, Entry>();
  /** The request that has a key. */
  readonly #claims = new Map<string, string>();
  readonly #cancelled = new Set<CancelledRequest>();
  readonly #wheel = new DeadlineWheel(SWEEP_EVERY);

  enter(request: NewRequest, ttlMs: number): Entered {
    const { id, claim } = request;
    if (this.find(id)) return { kind: "new" };
    const now = Date.now();
    const holder = claim && this.find(this.#claims.get(claim.key) ?? "");
    if (holder && !isAbandoned(holder.record, now)) {
      return { kind: "taken", record: holder.record };
    }
    if (holder) {
      const { claim: _, ...record } = holder.record;
      this.#put(record, holder);
    }
    if (claim) this.#claims.set(claim.key, id);
    this.#put(entered(request, now), { response: undefined, ttlMs });
    return { kind: "new" };
  }

  confirm(id: string): void {
    const entry = this.find(id);
    if (entry) this.#put({ ...entry.record, confirmed: true }, entry);
  }

  /** Forgets a request. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const { record: { claim }, expiry } = entry;
    if (expiry) this.#wheel.cancel(expiry);
    if (claim && this.#claims.get(claim.key) === id) this.#claims.delete(claim.key);
    this.#entries.delete(id);
    this.watchers.wake(id);
  }

  /** @param ttlMs for a request that nobody has entered. */
  record(change: Change, ttlMs: number): void {
    const before = this.find(change.id);
    const record = changed(before?.record, change, Date.now());
    if (!record) return;
    this.#put(record, { response: responseOf(change), ttlMs: before?.ttlMs ?? ttlMs });
  }

  cancel(id: string, until: number): RequestRecord | undefined {
    const record = this.find(id)?.record;
    if (!record || finalStates.has(record.state)) return record;
    const { service, run } = record;
    this.record({ id, service, run, state: "cancelled" }, 0);
    const cancelled = { id, until };
    this.#cancelled.add(cancelled);
    this.#wheel.add(until, () => this.#cancelled.delete(cancelled));
    for (const listener of this.listeners) listener.wake();
    return this.find(id)?.record;
  }

  /** How many requests of each service wait for their time. */
  delayed(): Map<string, number> {
    const now = Date.now();
    const counts = new Map<string, number>();
    for (const { record, expiresAt } of this.#entries.values()) {
      if (now >= expiresAt || !isDelayed(record, now)) continue;
      counts.set(record.service, (counts.get(record.service) ?? 0) + 1);
    }
    return counts;
  }

  /** What was cancelled and has to be known still, except what was told before. */
  cancelledBut(told: ReadonlySet<CancelledRequest>): CancelledRequest[] {
    const now = Date.now();
    return [...this.#cancelled].filter((one) => one.until > now && !told.has(one));
  }

  /** A request that is known and has not expired. */
  find(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    if (!entry || Date.now() < entry.expiresAt) return entry;
    this.remove(id);
    return undefined;
  }

  /** How much is kept; for tests. */
  get size(): number {
    return this.#entries.size + this.#claims.size + this.#cancelled.size;
  }

  close(): void {
    this.#wheel[Symbol.dispose]();
  }

  #put(record: RequestRecord, { response, ttlMs }: Pick<Entry, "response" | "ttlMs">): void {
    const { id } = record;
    const before = this.#entries.get(id)?.expiry;
    if (before) this.#wheel.cancel(before);
    const at = expiresAt(record, ttlMs);
    const expiry = this.#wheel.add(at, () => this.remove(id));
    this.#entries.set(id, { record, response, ttlMs, expiresAt: at, expiry });
    this.watchers.wake(id);
  }
}
