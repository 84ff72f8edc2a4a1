import { join } from "node:path";
import * as clients from "./clients.ts";
import type { Connection } from "./connection.ts";
import { hasStopped, Pulse } from "./pulse.ts";

/** How often a client says that it lives, milliseconds. */
const RENEW_EVERY = 2_000;

/**
 * A process's place among the clients of a database: it enters, renews its lease, and gives up for
 * dead those whose lease ran out or whose {@link Pulse} has stopped.
 */
export class Membership {
  readonly #folder: string;
  #client = 0;
  #entering: number | undefined;
  #pulse: Pulse | undefined;
  #renewAt = 0;
  readonly #dead = new Set<number>();

  /** @param folder where the pulses are. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Our id; within a transaction, the one that we are about to have. */
  get client(): number {
    return this.#entering ?? this.#client;
  }

  /** When something has to be written, epoch milliseconds. */
  get dueAt(): number {
    return this.#dead.size > 0 ? 0 : this.#renewAt;
  }

  /** Something went wrong: renew at the next opportunity. */
  hurry(): void {
    this.#renewAt = 0;
    this.#entering = undefined;
  }

  /** Looks for clients that have died. */
  look(connection: Connection, now: number): void {
    for (const { id, leaseUntil } of clients.list(connection)) {
      if (id === this.#client) continue;
      if (leaseUntil < now || this.#hasStopped(id)) this.#dead.add(id);
    }
  }

  /**
   * Enters if we are not entered (any more), renews what is to be renewed, and removes the dead.
   * For a transaction; {@link committed} or {@link hurry} follows.
   * @returns the queues that got messages back, and whether we entered.
   */
  keep(connection: Connection, now: number): { touched: Set<number>; entered: boolean } {
    const touched = new Set<number>();
    const leave = (client: number) => {
      for (const queue of clients.leave(connection, client)) touched.add(queue);
    };
    const entered = !clients.isEntered(connection, this.#client);
    if (entered) {
      leave(this.#client);
      this.#entering = clients.newId(now);
      this.#startPulse(this.#entering);
      clients.enter(connection, this.#entering, now);
    } else if (now >= this.#renewAt) {
      clients.renew(connection, this.#client, now);
    }
    if (now >= this.#renewAt) this.#renewAt = now + RENEW_EVERY;
    for (const id of this.#dead) leave(id);
    return { touched, entered };
  }

  committed(): void {
    this.#client = this.client;
    this.#entering = undefined;
    this.#dead.clear();
  }

  close(): void {
    this.#pulse?.stop();
    this.#pulse = undefined;
  }

  /** Before anybody can know of us, so that nobody takes us for dead. Without, the lease has to do. */
  #startPulse(client: number): void {
    this.close();
    try {
      this.#pulse = new Pulse(this.#path(client));
    } catch {
      // The folder is closed to us.
    }
  }

  #hasStopped(client: number): boolean {
    try {
      return hasStopped(this.#path(client));
    } catch {
      return false;
    }
  }

  #path(client: number): string {
    return join(this.#folder, `${client}.lock`);
  }
}
