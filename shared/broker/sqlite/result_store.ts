import type { QueuedResponse } from "../../message/envelope.ts";
import { responseOf } from "../../results/changed.ts";
import { follow, followCancelled } from "../../results/follow.ts";
import {
  type CancelledRequest,
  type Change,
  type Entered,
  finalStates,
  type NewRequest,
  type RequestRecord,
  type ResultStore,
  type ResultStoreOptions,
} from "../../results/result_store.ts";
import { WakeUp } from "../../wake_up.ts";
import { BrokerUnavailableError } from "../errors.ts";
import * as clients from "./clients.ts";
import type { Connection } from "./connection.ts";
import type { Peer } from "./peer.ts";
import { cancel, enter, record } from "./result_changes.ts";
import {
  confirm,
  countDelayed,
  find,
  findResponse,
  prepareResponse,
  remove,
} from "./result_rows.ts";
import { hear, tellWatchers } from "./watching.ts";
import { whenUsable } from "./when_usable.ts";

/**
 * A result store in a database file, on the {@link Peer} of its broker handle: what it writes
 * shares a transaction with whatever else the process writes in the same turn.
 */
export class SqliteResultStore implements ResultStore {
  readonly #peer: Peer;
  readonly #options: ResultStoreOptions;
  readonly #closing = new AbortController();
  readonly #signals: readonly AbortSignal[];

  /** @param closed aborts when the broker handle is closed, and this one with it. */
  constructor(peer: Peer, options: ResultStoreOptions, closed: AbortSignal) {
    this.#peer = peer;
    this.#options = options;
    this.#signals = [this.#closing.signal, closed];
  }

  async enter(request: NewRequest): Promise<Entered> {
    this.#assertLookUps();
    const { ttlMs } = this.#options;
    // What is new cannot be watched: a watch ends at what is unknown.
    return await this.#peer.write(
      (connection) => enter(connection, request, ttlMs, Date.now()),
      { durable: true },
    );
  }

  async confirm(id: string): Promise<void> {
    this.#assertLookUps();
    await this.#peer.write((connection) => confirm(connection, id), { durable: true });
  }

  async withdraw(id: string): Promise<void> {
    this.#assertLookUps();
    await this.#change(id, (connection) => {
      remove(connection, id);
      return { result: undefined, changed: true };
    }, { durable: true });
  }

  async record(change: Change): Promise<void> {
    this.#assertOpen();
    const { ttlMs } = this.#options;
    const kept = responseOf(change);
    const durable = finalStates.has(change.state) || kept !== undefined;
    const response = kept && prepareResponse(kept);
    await this.#change(change.id, (connection) => {
      const changed = record(connection, change, { response, ttl: ttlMs }, Date.now());
      return { result: undefined, changed };
    }, { durable });
  }

  get(id: string): Promise<RequestRecord | undefined> {
    return this.#lookUp((connection) => find(connection, id, Date.now())?.record);
  }

  response(id: string): Promise<QueuedResponse | undefined> {
    return this.#lookUp((connection) => findResponse(connection, id, Date.now()));
  }

  async *watch(id: string, signal: AbortSignal): AsyncGenerator<RequestRecord, void, undefined> {
    this.#assertLookUps();
    const record = this.#read(id);
    if (!record || signal.aborted) return;
    if (finalStates.has(record.state)) return void (yield record);
    const peer = this.#peer;
    const wakeUp = new WakeUp();
    const announce = () =>
      peer.write((connection) => peer.watching.announce(connection, peer.client, id), {
        durable: false,
      });
    peer.watching.watch(id, wakeUp);
    peer.consumersChanged();
    try {
      await announce();
      yield* follow(() => this.#read(id), wakeUp, [signal, ...this.#signals]);
    } finally {
      peer.watching.unwatch(id, wakeUp);
      peer.consumersChanged();
      // An announcement that cannot be taken back costs others a ring, and ends with our lease.
      announce().catch(() => {});
    }
  }

  delayed(): Promise<ReadonlyMap<string, number>> {
    return this.#lookUp((connection) => countDelayed(connection, Date.now()));
  }

  async cancel(id: string, until: number): Promise<RequestRecord | undefined> {
    this.#assertLookUps();
    const peer = this.#peer;
    const { record, cancelled } = await this.#change(id, (connection) => {
      const result = cancel(connection, id, until, Date.now());
      if (result.cancelled) this.#wakeAll(connection);
      return { result, changed: result.cancelled };
    }, { durable: true });
    if (cancelled) peer.watching.cancelled();
    return record;
  }

  async *cancelled(
    signal: AbortSignal,
  ): AsyncGenerator<readonly CancelledRequest[], void, undefined> {
    this.#assertOpen();
    const peer = this.#peer;
    const signals = [signal, ...this.#signals];
    const either = AbortSignal.any(signals);
    const listener = { wakeUp: new WakeUp(), seen: 0 };
    const readNew = () =>
      whenUsable(peer, either, () => peer.read((connection) => hear(connection, listener)))
        .catch((error) => {
          if (either.aborted) return [];
          throw error;
        });
    peer.watching.listen(listener);
    peer.consumersChanged();
    try {
      yield* followCancelled(readNew, listener.wakeUp, signals);
    } finally {
      peer.watching.unlisten(listener);
      peer.consumersChanged();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  /** Writes, and tells those who watch the request if it has changed. */
  async #change<Result>(
    id: string,
    apply: (connection: Connection) => { result: Result; changed: boolean },
    options: { durable: boolean },
  ): Promise<Result> {
    const peer = this.#peer;
    const { result, changed } = await peer.write((connection) => {
      const applied = apply(connection);
      if (applied.changed) {
        for (const client of tellWatchers(connection, id, peer.client)) peer.wake(client);
      }
      return applied;
    }, options);
    if (changed) peer.watching.changed(id);
    return result;
  }

  /** Within a transaction: every process may listen for what is cancelled. */
  #wakeAll(connection: Connection): void {
    const peer = this.#peer;
    for (const { id } of clients.list(connection)) if (id !== peer.client) peer.wake(id);
  }

  #lookUp<Result>(read: (connection: Connection) => Result): Promise<Result> {
    return new Promise((resolve) => {
      this.#assertLookUps();
      resolve(this.#peer.read(read));
    });
  }

  #read(id: string): RequestRecord | undefined {
    return this.#peer.read((connection) => find(connection, id, Date.now()))?.record;
  }

  #assertLookUps(): void {
    this.#assertOpen();
    if (!this.#options.lookUps) throw new Error("this result store was opened without lookUps");
  }

  #assertOpen(): void {
    if (this.#signals.some(({ aborted }) => aborted)) {
      throw new BrokerUnavailableError("the result store is closed");
    }
  }
}
