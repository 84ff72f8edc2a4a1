import type { WorkQueueSpec } from "../broker.ts";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";
import * as clients from "./clients.ts";
import { Connection } from "./connection.ts";
import { Doorbell } from "./doorbell.ts";
import { moveDue, nextDue } from "./due.ts";
import type { Claim } from "./fetch.ts";
import { GroupCommit } from "./group_commit.ts";
import { LocalConsumers } from "./local_consumers.ts";
import { Membership } from "./membership.ts";
import { Outcome } from "./outcome.ts";
import { Queues } from "./queues.ts";
import { Replies } from "./replies.ts";
import { ResultExpiry } from "./result_expiry.ts";
import { release } from "./settle.ts";
import { SpoolExpiry } from "./spool_expiry.ts";
import { isBusy, unavailable } from "./sqlite_error.ts";
import { Status } from "./status.ts";
import { Ticker } from "./ticker.ts";
import { Watching } from "./watching.ts";

/** How often one looks without having been woken, milliseconds. */
const LOOK_EVERY = 1_000;
/** The same where the doorbell cannot be heard. */
const LOOK_OFTEN = 50;
/** How often a database that cannot be used is tried again, milliseconds. */
const RECOVER_EVERY = 250;

/**
 * A process's place at a database file, shared by all its handles on that file: one connection,
 * one group commit, one client id with its lease.
 *
 * Everything is written in groups ({@link GroupCommit}). With each group go the chores that are
 * due (the lease, clients that died, delays and expirations, what was read or has expired) and a
 * fetch for the consumers that have prefetch to spare. Other processes are woken once the group is
 * committed. Only a caller, a ring of the doorbell or the ticker gets it going, so that waiting
 * costs one look a second.
 */
export class Peer {
  readonly path: string;
  readonly consumers = new LocalConsumers();
  readonly replies = new Replies();
  readonly watching = new Watching();
  /** What was declared through this peer, to be declared again in a file that was made anew. */
  readonly declared = new Map<string, WorkQueueSpec>();
  readonly status: Status;
  readonly #group: GroupCommit;
  readonly #doorbell: Doorbell;
  readonly #ticker: Ticker;
  readonly #membership: Membership;
  readonly #expiries = [new ResultExpiry(), new SpoolExpiry()];
  readonly #inboxes = [this.replies, this.watching];
  /** Deliveries whose settling failed: they go back as soon as anything can be written. */
  readonly #strays = new Set<Claim>();
  #connection: Connection | undefined;
  #queues: Queues;
  #nextDue = 0;
  #outcome = new Outcome();
  #rebind = false;
  #left = false;

  /** @throws {Error} the file cannot be opened, is not ours, or is busy just now. */
  constructor(path: string) {
    this.path = path;
    this.#connection = new Connection(path);
    this.#queues = new Queues(this.#connection);
    this.status = new Status({ connected: true, detail: path });
    this.#ticker = new Ticker(() => this.#tick());
    const folder = `${this.#connection.realPath}-wake`;
    this.#doorbell = new Doorbell(folder, () => this.#look());
    this.#membership = new Membership(folder);
    this.#group = new GroupCommit({
      begin: (durable) => this.connection.begin(durable),
      commit: () => this.connection.commit(),
      rollback: () => this.#connection?.rollback(),
    }, {
      before: () => this.#before(this.connection),
      after: () => this.#after(this.connection),
      committed: () => this.#committed(),
      failed: (error) => this.#failed(error),
    });
  }

  /** @throws {BrokerUnavailableError} the database cannot be used just now. */
  get connection(): Connection {
    if (!this.#connection) throw new BrokerUnavailableError(this.status.now.detail);
    return this.#connection;
  }

  get queues(): Queues {
    return this.#queues;
  }

  /** Our id in the database; within a transaction, the one that it is about to have. */
  get client(): number {
    return this.#membership.client;
  }

  /** Writes along with the others of this turn: see {@link GroupCommit.add}. */
  write<Result>(
    apply: (connection: Connection) => Result,
    options: { durable: boolean },
  ): Promise<Result> {
    if (!this.status.now.connected) {
      return Promise.reject(new BrokerUnavailableError(this.status.now.detail));
    }
    return this.#group.add(() => apply(this.connection), options);
  }

  /**
   * Reads what is committed.
   * @throws {BrokerUnavailableError} the database cannot be used just now.
   */
  read<Result>(query: (connection: Connection) => Result): Result {
    if (!this.status.now.connected) throw new BrokerUnavailableError(this.status.now.detail);
    try {
      return query(this.connection);
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      throw isBusy(error) ? unavailable(this.path, error) : this.#failed(error);
    }
  }

  /** Within a transaction: something became ready in a queue. */
  touch(queue: number): void {
    this.#outcome.touched.add(queue);
  }

  /** Within a transaction: another process has something to see. */
  wake(client: number): void {
    this.#outcome.wake.add(client);
  }

  /** Something will have to be done at a time, epoch milliseconds. */
  due(at: number): void {
    this.#nextDue = Math.min(this.#nextDue, at);
  }

  /** Gives back deliveries that could not be settled. */
  abandon(claims: readonly Claim[]): void {
    for (const claim of claims) this.#strays.add(claim);
  }

  /** To be called when somebody who consumes or watches comes or goes. */
  consumersChanged(): void {
    this.#ticker.keepAlive(this.consumers.any || this.#inboxes.some(({ awaited }) => awaited));
    this.#group.schedule();
  }

  /** Moves all that is due, so that what is read next is true. */
  async catchUp(): Promise<void> {
    while (this.read(nextDue) <= Date.now()) {
      this.#nextDue = 0;
      await this.write(() => {}, { durable: false });
    }
  }

  /** Leaves the database to the others, with nothing of ours in it. */
  async close(): Promise<void> {
    try {
      await this.write((connection) => {
        for (const queue of clients.leave(connection, this.client)) this.touch(queue);
        this.#left = true;
      }, { durable: false });
    } catch {
      // What is left there is given up for dead when the lease runs out.
    }
    this.#group.cancel();
    this.#ticker.stop();
    this.#membership.close();
    this.#doorbell.close();
    this.#connection?.close();
    this.#connection = undefined;
  }

  #before(connection: Connection): void {
    const now = Date.now();
    const outcome = this.#outcome = new Outcome();
    if (this.#rebind) {
      for (const spec of this.declared.values()) {
        if (!this.#queues.isDeclared(spec)) this.#queues.declare(spec);
      }
      this.consumers.rebind(this.#queues);
    }
    const isDue = now >= this.#membership.dueAt;
    const { touched, entered } = this.#membership.keep(connection, now);
    for (const queue of touched) outcome.touched.add(queue);
    if (entered) {
      outcome.entered = true;
      for (const inbox of this.#inboxes) inbox.move(connection, this.client);
      this.consumers.forget();
    }
    if (isDue) {
      this.#doorbell.sweep(new Set(clients.list(connection).map(({ id }) => id)));
      connection.reclaim();
    }
    if (now >= this.#nextDue) {
      for (const queue of moveDue(connection, this.#queues, now)) outcome.touched.add(queue);
      this.#nextDue = nextDue(connection);
    }
    for (const claim of this.#strays) {
      if (release(connection, claim, 1)) outcome.touched.add(claim.queue.id);
    }
    for (const inbox of this.#inboxes) inbox.clean(connection, this.client);
    for (const expiry of this.#expiries) this.due(expiry.step(connection, now));
  }

  #after(connection: Connection): void {
    const { touched, wake } = this.#outcome;
    if (this.#left) {
      for (const queue of touched) {
        for (const client of clients.waiting(connection, queue, this.client)) wake.add(client);
      }
      return;
    }
    const caught = this.consumers.fetch(connection, this.client, touched, Date.now());
    this.#outcome.deliveries = caught.deliveries;
    for (const client of caught.wake) wake.add(client);
  }

  #committed(): void {
    const { entered, deliveries, wake } = this.#outcome;
    this.#outcome = new Outcome();
    this.#membership.committed();
    this.#rebind = false;
    this.#strays.clear();
    for (const client of wake) this.#doorbell.ring(client);
    if (this.#left) return;
    this.consumers.prune();
    if (entered) {
      this.#doorbell.listen(this.client);
      for (const consumer of this.consumers.all()) consumer.dropUnread();
    }
    for (const [consumer, fetched] of deliveries) consumer.push(fetched);
    const deaf = this.#doorbell.listening ? "" : ` (not woken, looks every ${LOOK_OFTEN} ms)`;
    this.status.set({ connected: true, detail: this.path + deaf });
    if (this.consumers.hungry) this.#group.schedule();
    this.#plan();
  }

  #failed(cause: unknown): Error {
    const error = cause instanceof BrokerUnavailableError ? cause : unavailable(this.path, cause);
    this.#outcome = new Outcome();
    this.#membership.hurry();
    this.#nextDue = 0;
    this.consumers.forget();
    this.status.set({ connected: false, detail: error.message });
    this.#plan();
    return error;
  }

  /** The doorbell rang: there are replies for us, or messages in a queue that we consume. */
  #look(): void {
    try {
      for (const inbox of this.#inboxes) inbox.receive(this.connection, this.client);
      this.consumers.look(this.connection);
      if (this.consumers.hungry) this.#group.flush();
    } catch (error) {
      if (isBusy(error)) this.#ticker.by(Date.now() + LOOK_OFTEN);
      else this.#failed(error);
    }
  }

  /** Looks for what nobody told us of. */
  #tick(): void {
    try {
      if (!this.status.now.connected) this.#reopen();
      const connection = this.connection;
      if (!connection.inPlace) throw new Error("the file was moved or deleted");
      const now = Date.now();
      this.#nextDue = Math.min(this.#nextDue, nextDue(connection));
      this.#membership.look(connection, now);
      if (this.#expiries.some((expiry) => expiry.isDue(connection, now))) this.#nextDue = 0;
      if (now >= Math.min(this.#membership.dueAt, this.#nextDue)) this.#group.flush();
      if (!this.#doorbell.intact) this.#doorbell.listen(this.client);
      this.#look();
    } catch (error) {
      if (!isBusy(error)) this.#failed(error);
    }
    this.#plan();
  }

  #plan(): void {
    const now = Date.now();
    const every = this.#doorbell.listening ? LOOK_EVERY : LOOK_OFTEN;
    const usable = this.status.now.connected;
    this.#ticker.by(usable ? Math.min(now + every, this.#nextDue) : now + RECOVER_EVERY);
  }

  /** Opens the file again, which may be another one by now. */
  #reopen(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#connection = new Connection(this.path);
    this.#queues = new Queues(this.#connection);
    this.#rebind = true;
    this.#group.flush();
  }
}
