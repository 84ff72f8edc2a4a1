import type { Delivery, Message, ReplyQueueSpec } from "../broker.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import { QueueMismatchError } from "../errors.ts";
import * as broadcasts from "./broadcasts.ts";
import type { Connection } from "./connection.ts";
import { decodeMessage } from "./head.ts";

/** The token of a reply, which needs no settling. */
export const REPLY = Symbol("reply");

/** A reply queue of this process: its messages are in memory only. */
class ReplyQueue {
  readonly name: string;
  readonly owner: object;
  readonly broadcasts: Set<string> = new Set();
  readonly #readers: DeliveryBuffer[] = [];
  readonly #unread: Delivery[] = [];

  constructor(name: string, owner: object) {
    this.name = name;
    this.owner = owner;
  }

  deliver(message: Message): void {
    const delivery = { queue: this.name, message, attempt: 1, redeliveries: 0, token: REPLY };
    const reader = this.#readers[0];
    if (reader) reader.push(delivery);
    else this.#unread.push(delivery);
  }

  /** A reader that ends leaves what it has not read to the next one. */
  read(onEnd: () => void): DeliveryBuffer {
    const reader = new DeliveryBuffer((unread) => {
      const at = this.#readers.indexOf(reader);
      if (at >= 0) this.#readers.splice(at, 1);
      const next = this.#readers[0];
      for (const delivery of unread) {
        if (next) next.push(delivery);
        else this.#unread.push(delivery);
      }
      onEnd();
    });
    this.#readers.push(reader);
    for (const delivery of this.#unread.splice(0)) reader.push(delivery);
    return reader;
  }

  end(): void {
    for (const reader of [...this.#readers]) reader.end();
  }

  get isRead(): boolean {
    return this.#readers.length > 0;
  }
}

/**
 * The reply queues of a process. What the process itself publishes to them never touches the
 * database. What others publish comes through a table without waiting for the disk, is read
 * outside of any transaction, and is deleted along with whatever is written next: a reader asks
 * only for what is newer than the last it saw.
 */
export class Replies {
  readonly #queues = new Map<string, ReplyQueue>();
  #seen = 0;
  #removed = 0;

  /** The queue of that name if it is this process's. */
  get(name: string): ReplyQueue | undefined {
    return this.#queues.get(name);
  }

  /** The queues that get what is broadcast under a name. */
  hearing(broadcast: string): ReplyQueue[] {
    return [...this.#queues.values()].filter((queue) => queue.broadcasts.has(broadcast));
  }

  /** Whether somebody reads one of them. */
  get awaited(): boolean {
    return [...this.#queues.values()].some((queue) => queue.isRead);
  }

  /**
   * Makes a reply queue known to other processes, within a transaction. {@link open} follows.
   * @throws {QueueMismatchError} before anything is written: the name is taken.
   */
  announce(connection: Connection, client: number, spec: ReplyQueueSpec, owner: object): void {
    const { name } = spec;
    const own = this.#queues.get(name);
    if (own?.owner === owner) {
      return broadcasts.subscribe(connection, name, client, spec.broadcasts ?? []);
    }
    const holder = findReplyQueue(connection, name);
    if (own || (holder !== undefined && holder !== client)) throw taken(name);
    if (connection.get("SELECT 1 FROM queues WHERE name = ?", name)) {
      throw new QueueMismatchError(`the queue "${name}" exists as a work queue: use another name`);
    }
    publish(connection, name, client, spec.broadcasts ?? []);
  }

  /** Makes a reply queue that was announced, and whose announcement is committed. */
  open({ name, broadcasts = [] }: ReplyQueueSpec, owner: object): void {
    const own = this.#queues.get(name);
    if (own && own.owner !== owner) throw taken(name);
    const queue = own ?? new ReplyQueue(name, owner);
    for (const broadcast of broadcasts) queue.broadcasts.add(broadcast);
    this.#queues.set(name, queue);
  }

  /** Makes all of them known under another client id, within a transaction. */
  move(connection: Connection, client: number): void {
    for (const { name, broadcasts } of this.#queues.values()) {
      publish(connection, name, client, broadcasts);
    }
    this.#seen = 0;
    this.#removed = 0;
  }

  /** Closes an owner's queues. @returns their names, for {@link withdraw}. */
  close(owner: object): string[] {
    const closed = [...this.#queues.values()].filter((queue) => queue.owner === owner);
    for (const queue of closed) {
      this.#queues.delete(queue.name);
      queue.end();
    }
    return closed.map(({ name }) => name);
  }

  /** Hands on what others have published. */
  receive(connection: Connection, client: number): void {
    if (this.#queues.size === 0) return;
    const rows = connection.all<
      { id: number; queue: string; head: string; body: Uint8Array | null }
    >(
      "SELECT id, queue, head, body FROM replies WHERE id > ? AND client = ? ORDER BY id",
      this.#seen,
      client,
    );
    for (const { id, queue, head, body } of rows) {
      this.#seen = id;
      this.#queues.get(queue)?.deliver(decodeMessage(head, body));
    }
  }

  get hasRead(): boolean {
    return this.#seen > this.#removed;
  }

  /** Removes what was handed on, within a transaction. */
  clean(connection: Connection, client: number): void {
    if (!this.hasRead) return;
    connection.run("DELETE FROM replies WHERE client = ? AND id <= ?", client, this.#seen);
    this.#removed = this.#seen;
  }
}

/** The client that has a reply queue. */
export function findReplyQueue(connection: Connection, name: string): number | undefined {
  const sql = "SELECT client FROM reply_queues WHERE name = ?";
  return connection.get<{ client: number }>(sql, name)?.client;
}

/** Makes reply queues unknown to other processes, within a transaction. */
export function withdraw(connection: Connection, names: readonly string[]): void {
  for (const name of names) {
    connection.run("DELETE FROM reply_queues WHERE name = ?", name);
    broadcasts.unsubscribe(connection, name);
  }
}

/** Sends a reply to another process. */
export function sendReply(
  connection: Connection,
  { client, queue, head, body }: { client: number; queue: string; head: string; body: Uint8Array },
): void {
  connection.run(
    "INSERT INTO replies (client, queue, head, body) VALUES (?, ?, ?, ?)",
    client,
    queue,
    head,
    body,
  );
}

function taken(name: string): QueueMismatchError {
  return new QueueMismatchError(`the reply queue "${name}" is somebody else's: use another name`);
}

function publish(
  connection: Connection,
  name: string,
  client: number,
  heard: Iterable<string>,
): void {
  const sql = "INSERT OR REPLACE INTO reply_queues (name, client) VALUES (?, ?)";
  connection.run(sql, name, client);
  broadcasts.subscribe(connection, name, client, heard);
}
