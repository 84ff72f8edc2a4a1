import type { QueuedResponse } from "../../message/envelope.ts";
import { requestIdTime } from "../../message/request_id.ts";
import { responseOf } from "../../results/changed.ts";
import { follow, followCancelled } from "../../results/follow.ts";
import {
  abandonedAfterMs,
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
import { BrokerUnavailableError, MessageTooLargeError } from "../errors.ts";
import { type Argument, bytes, listOf, type Reply, textOf } from "./client.ts";
import type { Connection } from "./connection.ts";
import { maxMessageBytes } from "./fields.ts";
import { patiently } from "./patiently.ts";
import { isFull, unavailable } from "./redis_error.ts";
import { readRecord, readResponse, responseFields } from "./result_rows.ts";
import {
  cancelling,
  confirming,
  countingDelayed,
  entering,
  finding,
  listingCancelled,
  recording,
  withdrawing,
} from "./result_scripts.ts";
import type { Script } from "./script.ts";
import type { Subscriptions } from "./subscriptions.ts";

/**
 * A result store in Redis: a hash for each request, which the server forgets by itself, changed by
 * scripts; channels wake those who watch.
 */
export class RedisResultStore implements ResultStore {
  readonly #connection: Connection;
  readonly #subscriptions: Subscriptions;
  readonly #options: ResultStoreOptions;
  readonly #closing = new AbortController();
  readonly #signals: readonly AbortSignal[];

  /** @param closed aborts when the broker handle is closed, and this one with it. */
  constructor(
    connection: Connection,
    subscriptions: Subscriptions,
    options: ResultStoreOptions,
    closed: AbortSignal,
  ) {
    this.#connection = connection;
    this.#subscriptions = subscriptions;
    this.#options = options;
    this.#signals = [this.#closing.signal, closed];
  }

  async enter({ id, service, dueAt, deadline, claim }: NewRequest): Promise<Entered> {
    this.#assertLookUps();
    const reply = await this.#run(entering, [
      ...[id, service, optional(dueAt), optional(deadline)],
      ...[claim?.key ?? "", claim?.fingerprint ?? ""],
      ...[`${this.#options.ttlMs}`, `${abandonedAfterMs}`, `${Date.now()}`],
    ]);
    const [holder, fields] = listOf(reply);
    const record = holder && readRecord(textOf(holder), fields ?? null);
    return record ? { kind: "taken", record } : { kind: "new" };
  }

  async confirm(id: string): Promise<void> {
    this.#assertLookUps();
    await this.#run(confirming, [id]);
  }

  async withdraw(id: string): Promise<void> {
    this.#assertLookUps();
    await this.#run(withdrawing, [id]);
  }

  async record(change: Change): Promise<void> {
    this.#assertOpen();
    const { id, service, state, run = 0, attempt, nextAttemptAt, reason } = change;
    const response = responseOf(change);
    const size = response?.body.length ?? 0;
    if (size > maxMessageBytes) {
      throw new MessageTooLargeError(
        `a response of ${size} bytes is over the limit of ${maxMessageBytes}`,
      );
    }
    const now = Date.now();
    // The ids of a process run ahead of its clock when that is set back.
    const createdAt = Math.min(now, requestIdTime(id) ?? now);
    const args: Argument[] = [id, service, state, `${run}`, optional(attempt)];
    args.push(optional(nextAttemptAt), reason === undefined ? "" : `=${reason}`);
    args.push(`${createdAt}`, `${this.#options.ttlMs}`, `${now}`);
    if (response) {
      const { status, headers, body, spooled } = response;
      args.push(`${status}`, JSON.stringify(headers), bytes(body));
      args.push(spooled?.spool ?? "", optional(spooled?.size));
    }
    await this.#run(recording, args);
  }

  async get(id: string): Promise<RequestRecord | undefined> {
    this.#assertLookUps();
    return readRecord(id, await this.#run(finding, [id]));
  }

  async response(id: string): Promise<QueuedResponse | undefined> {
    this.#assertLookUps();
    return readResponse(
      await this.#connection.send(["HMGET", `proxymq:{${id}}:request`, ...responseFields]),
    );
  }

  async *watch(id: string, signal: AbortSignal): AsyncGenerator<RequestRecord, void, undefined> {
    this.#assertLookUps();
    const first = await this.get(id);
    if (!first || signal.aborted) return;
    if (finalStates.has(first.state)) return void (yield first);
    const signals = [signal, ...this.#signals];
    yield* this.#listening(
      `proxymq:request:${id}`,
      (wakeUp) => follow(() => patiently(signals, () => this.get(id)), wakeUp, signals),
    );
  }

  async delayed(): Promise<ReadonlyMap<string, number>> {
    this.#assertLookUps();
    const counts = listOf(await this.#run(countingDelayed, [`${Date.now()}`]));
    return new Map(
      counts.flatMap((name, at) => at % 2 === 0 ? [[textOf(name), Number(counts[at + 1])]] : []),
    );
  }

  async cancel(id: string, until: number): Promise<RequestRecord | undefined> {
    this.#assertLookUps();
    return readRecord(id, await this.#run(cancelling, [id, `${until}`, `${Date.now()}`]));
  }

  async *cancelled(
    signal: AbortSignal,
  ): AsyncGenerator<readonly CancelledRequest[], void, undefined> {
    this.#assertOpen();
    const signals = [signal, ...this.#signals];
    let told: ReadonlySet<string> = new Set();
    const readNew = async () => {
      const all = await patiently(signals, () => this.#readCancelled()) ?? [];
      const fresh = all.filter(({ id }) => !told.has(id));
      told = new Set(all.map(({ id }) => id));
      return fresh;
    };
    yield* this.#listening(
      "proxymq:cancelled",
      (wakeUp) => followCancelled(readNew, wakeUp, signals),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  async #run(script: Script, args: readonly Argument[]): Promise<Reply> {
    try {
      return await script.run(this.#connection, args);
    } catch (error) {
      throw isFull(error) ? unavailable(error) : error;
    }
  }

  async #readCancelled(): Promise<CancelledRequest[]> {
    const reply = listOf(await this.#run(listingCancelled, [`${Date.now()}`]));
    return reply.flatMap((id, at) =>
      at % 2 === 0 ? [{ id: textOf(id), until: Number(textOf(reply[at + 1])) }] : []
    );
  }

  /** What an iteration gives that is woken by a channel. */
  async *#listening<T>(
    channel: string,
    iterate: (wakeUp: WakeUp) => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    const wakeUp = new WakeUp();
    try {
      await this.#subscriptions.listen(channel, wakeUp);
      yield* iterate(wakeUp);
    } finally {
      this.#subscriptions.unlisten(channel, wakeUp);
    }
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

function optional(value: number | undefined): string {
  return value === undefined ? "" : `${value}`;
}
