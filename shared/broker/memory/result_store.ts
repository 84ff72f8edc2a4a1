import type { QueuedResponse } from "../../message/envelope.ts";
import { follow, followCancelled } from "../../results/follow.ts";
import type {
  CancelledRequest,
  Change,
  Entered,
  NewRequest,
  RequestRecord,
  ResultStore,
  ResultStoreOptions,
} from "../../results/result_store.ts";
import { WakeUp } from "../../wake_up.ts";
import { BrokerUnavailableError, MessageTooLargeError } from "../errors.ts";
import type { Results } from "./results.ts";

/** One handle on the {@link Results} of a name. */
export class MemoryResultStore implements ResultStore {
  readonly #results: Results;
  readonly #options: ResultStoreOptions;
  readonly #maxBytes: number;
  readonly #closing = new AbortController();
  readonly #signals: readonly AbortSignal[];

  /** @param closed aborts when the broker handle is closed, and this one with it. */
  constructor(
    results: Results,
    options: ResultStoreOptions,
    { maxBytes, closed }: { maxBytes: number; closed: AbortSignal },
  ) {
    this.#results = results;
    this.#options = options;
    this.#maxBytes = maxBytes;
    this.#signals = [this.#closing.signal, closed];
  }

  enter(request: NewRequest): Promise<Entered> {
    return this.#lookingUp(() => this.#results.enter(request, this.#options.ttlMs));
  }

  confirm(id: string): Promise<void> {
    return this.#lookingUp(() => this.#results.confirm(id));
  }

  withdraw(id: string): Promise<void> {
    return this.#lookingUp(() => this.#results.remove(id));
  }

  record(change: Change): Promise<void> {
    return this.#whileOpen(() => {
      const size = change.response?.body.length ?? 0;
      if (size > this.#maxBytes) {
        throw new MessageTooLargeError(
          `a response of ${size} bytes is over the limit of ${this.#maxBytes}`,
        );
      }
      this.#results.record(change, this.#options.ttlMs);
    });
  }

  get(id: string): Promise<RequestRecord | undefined> {
    return this.#lookingUp(() => this.#results.find(id)?.record);
  }

  response(id: string): Promise<QueuedResponse | undefined> {
    return this.#lookingUp(() => this.#results.find(id)?.response);
  }

  async *watch(id: string, signal: AbortSignal): AsyncGenerator<RequestRecord, void, undefined> {
    await this.#lookingUp(() => {});
    const { watchers } = this.#results;
    const wakeUp = new WakeUp();
    watchers.add(id, wakeUp);
    try {
      yield* follow(() => this.#results.find(id)?.record, wakeUp, [signal, ...this.#signals]);
    } finally {
      watchers.remove(id, wakeUp);
    }
  }

  delayed(): Promise<ReadonlyMap<string, number>> {
    return this.#lookingUp(() => this.#results.delayed());
  }

  cancel(id: string, until: number): Promise<RequestRecord | undefined> {
    return this.#lookingUp(() => this.#results.cancel(id, until));
  }

  async *cancelled(
    signal: AbortSignal,
  ): AsyncGenerator<readonly CancelledRequest[], void, undefined> {
    await this.#whileOpen(() => {});
    const { listeners } = this.#results;
    let told: ReadonlySet<CancelledRequest> = new Set();
    const readNew = () => {
      const fresh = this.#results.cancelledBut(told);
      told = new Set(this.#results.cancelledBut(new Set()));
      return fresh;
    };
    const wakeUp = new WakeUp();
    listeners.add(wakeUp);
    try {
      yield* followCancelled(readNew, wakeUp, [signal, ...this.#signals]);
    } finally {
      listeners.delete(wakeUp);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  #lookingUp<T>(action: () => T): Promise<T> {
    return this.#whileOpen(() => {
      if (!this.#options.lookUps) throw new Error("this result store was opened without lookUps");
      return action();
    });
  }

  #whileOpen<T>(action: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#signals.some(({ aborted }) => aborted)) {
        throw new BrokerUnavailableError("the result store is closed");
      }
      resolve(action());
    });
  }
}
