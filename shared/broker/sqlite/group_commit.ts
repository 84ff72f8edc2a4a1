import { clearImmediate, clearTimeout, setImmediate, setTimeout } from "node:timers";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";
import { isBusy } from "./sqlite_error.ts";

/** Retry a busy database on every turn of the event loop for so long, then every {@link PAUSE}. */
const EAGER = 2;
const PAUSE = 1;
/** How long another process may keep the database locked before callers are told. */
const BUSY_DEADLINE = 5_000;

/** The transactions that a group is committed in. */
export interface Transactions {
  /** May fail as busy. */
  begin(durable: boolean): void;
  commit(): void;
  rollback(): void;
}

/** What goes with every group. */
export interface GroupHooks {
  /** In the transaction, before the group's work. */
  before(): void;
  /** In the transaction, after the group's work. */
  after(): void;
  committed(): void;
  /** Nothing of the group was done. @returns the error that its callers get. */
  failed(error: unknown): Error;
}

interface Work {
  apply(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Commits the writes of one turn of the event loop as one transaction, and resolves their
 * promises when it is on disk. While another process holds the lock the group waits, growing,
 * and the event loop goes on.
 */
export class GroupCommit {
  readonly #transactions: Transactions;
  readonly #hooks: GroupHooks;
  #work: Work[] = [];
  #durable = false;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busySince = 0;

  constructor(transactions: Transactions, hooks: GroupHooks) {
    this.#transactions = transactions;
    this.#hooks = hooks;
  }

  /**
   * @param apply does the writes. If it throws a `BrokerError`, it must have written nothing: the
   *   rest of the group goes on.
   * @param durable whether the promise means that it would survive a power cut.
   */
  add<Result>(apply: () => Result, { durable }: { durable: boolean }): Promise<Result> {
    return new Promise((resolve, reject) => {
      let result: Result;
      this.#work.push({
        apply: () => void (result = apply()),
        resolve: () => resolve(result),
        reject,
      });
      if (durable) this.#durable = true;
      this.schedule();
    });
  }

  /** Commits a group, though maybe of hooks only, at the end of this turn. */
  schedule(): void {
    if (this.#immediate || this.#timer) return;
    this.#immediate = setImmediate(() => {
      this.#immediate = undefined;
      this.flush();
    });
  }

  /** Commits a group now, or as soon as the lock is free. */
  flush(): void {
    this.cancel();
    try {
      this.#transactions.begin(this.#durable);
    } catch (error) {
      this.#cannotBegin(error);
      return;
    }
    this.#busySince = 0;
    this.#durable = false;
    const work = this.#work.splice(0);
    const refused = new Map<Work, BrokerError>();
    try {
      this.#hooks.before();
      for (const one of work) {
        try {
          one.apply();
        } catch (error) {
          if (!(error instanceof BrokerError)) throw error;
          refused.set(one, error);
        }
      }
      this.#hooks.after();
      this.#transactions.commit();
    } catch (error) {
      this.#transactions.rollback();
      this.#fail(work, this.#hooks.failed(error));
      return;
    }
    this.#hooks.committed();
    for (const one of work) {
      const error = refused.get(one);
      if (error) one.reject(error);
      else one.resolve();
    }
  }

  /** Takes back what was scheduled. What was added waits for the next {@link flush}. */
  cancel(): void {
    if (this.#immediate) clearImmediate(this.#immediate);
    if (this.#timer) clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
  }

  #cannotBegin(error: unknown): void {
    const now = performance.now();
    if (isBusy(error)) {
      this.#busySince ||= now;
      const waited = now - this.#busySince;
      if (waited < BUSY_DEADLINE) {
        if (waited < EAGER) this.schedule();
        else this.#timer = setTimeout(() => this.flush(), PAUSE);
        return;
      }
      error = new BrokerUnavailableError(
        `another process kept the database locked for ${BUSY_DEADLINE / 1000} s`,
        { cause: error },
      );
    }
    this.#busySince = 0;
    this.#durable = false;
    this.#fail(this.#work.splice(0), this.#hooks.failed(error));
  }

  #fail(work: Work[], error: Error): void {
    for (const one of work) one.reject(error);
  }
}
