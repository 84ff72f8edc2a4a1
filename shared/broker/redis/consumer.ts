import { ATTEMPT, type ConsumeOptions } from "../broker.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import { BrokerUnavailableError, QueueNotFoundError } from "../errors.ts";
import { backoffMs, pause } from "../../waiting.ts";
import { Bell } from "./bell.ts";
import type { Connection } from "./connection.ts";
import { end, enter, type Entry, get, type Got, type Leased } from "./consuming.ts";
import { decode } from "./fields.ts";
import { Held } from "./held.ts";
import type { Target } from "./url.ts";

/** What a consumer works with. */
export interface ConsumerOptions extends ConsumeOptions {
  readonly target: Target;
  readonly connection: Connection;
  /** The name of its own connection, as operators see it. */
  readonly clientName: string;
  readonly queue: string;
  /** A name that nobody else has, as soon as others can tell whether its bearer is there. */
  readonly newName: (signal: AbortSignal) => Promise<string>;
  /** Declares the queue again, if it was declared through this handle. @returns whether it was. */
  readonly redeclare: (queue: string) => Promise<boolean>;
  /** Takes what an ended consumer can no longer settle, to be given back as soon as that works. */
  readonly abandon: (consumer: Leased) => void;
}

/**
 * Consumes one work queue: waiting for the connection, entered, lost (with the connection, its
 * lease, or the queue), entered under another name ... While it is entered it gets as many messages
 * as it has room for, until there are no more; then it waits for the bell. What it held under a
 * name before comes again. At its end it keeps what was read until that is settled.
 */
export class Consumer {
  readonly buffer: DeliveryBuffer;
  /** Resolves when it has ended and holds nothing more. */
  readonly ended: Promise<void>;
  readonly #options: ConsumerOptions;
  readonly #stop = new AbortController();
  readonly #held = new Set<Held>();
  readonly #done = Promise.withResolvers<void>();
  #name = "";
  /** Its names before, under which the server may still keep something for it. */
  #before: string[] = [];
  #entered = false;
  #getting = false;
  #more = false;
  /** Whether the queue had nothing more when it was last asked. */
  #dry = false;
  #bell: Bell | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.buffer = new DeliveryBuffer((unread) => {
      this.#stop.abort();
      this.#finish(unread.map(({ token }) => token).filter((token) => token instanceof Held));
    });
    const stop = () => this.buffer.end();
    options.signal.addEventListener("abort", stop);
    this.#stop.signal.addEventListener("abort", () => {
      options.signal.removeEventListener("abort", stop);
    });
    this.ended = this.#done.promise;
    if (options.signal.aborted) stop();
    else this.#run();
  }

  get queue(): string {
    return this.#options.queue;
  }

  /** Its name as the server knows it; empty while it does not. */
  get name(): string {
    return this.#entered ? this.#name : "";
  }

  /** Gives up what is settled. Returns false if it is no longer held. */
  letGo(held: Held): boolean {
    return this.#held.delete(held);
  }

  /** There is room for more. */
  hasRoom(): void {
    if (!this.#dry) this.#get();
  }

  /** There may be messages in the queue. */
  rung(): void {
    this.#dry = false;
    this.#get();
  }

  /** What was settled is settled: an ended consumer may be through. */
  settled(): void {
    if (this.buffer.ended && this.#held.size === 0 && this.#entered) this.#finish([]);
  }

  /** The server has forgotten it, or cannot be told what has become of what it holds. */
  lose(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#held.clear();
    this.buffer.takeUnread();
    if (!this.buffer.ended) {
      this.#run();
      return;
    }
    this.#options.abandon({ queue: this.queue, name: this.#name });
    this.#done.resolve();
  }

  /** Ends it and gives back all that it holds. */
  async dispose(): Promise<void> {
    this.buffer.end();
    this.#held.clear();
    if (this.#entered) await this.#leave([]).catch(() => {});
    this.#entered = false;
    this.#done.resolve();
  }

  async #run(): Promise<void> {
    const { connection, queue, redeclare, target, prefetch, newName } = this.#options;
    const { signal } = this.#stop;
    let started = this.#name !== "";
    if (started) this.#before.push(this.#name);
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await connection.ready(signal);
        const { leaseMs } = target;
        const [name, before] = [await newName(signal), [...this.#before]];
        // Whether it was entered under it is not known if there is no answer.
        this.#before.push(name);
        const got = await enter(connection, { queue, name, before, leaseMs, count: prefetch });
        if (typeof got !== "string") {
          this.#before = [];
          this.#name = name;
          this.#entered = true;
          started = true;
          this.#take(got);
          if (signal.aborted) return;
          this.#wait();
          return this.hasRoom();
        }
        const again = got === "missing" && await redeclare(queue);
        if (!again && !started) return this.buffer.end(new QueueNotFoundError(queue));
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof BrokerUnavailableError)) return this.buffer.end(error);
        if (connection.closed) return this.buffer.end();
      }
      await pause(backoffMs(failures), signal);
    }
  }

  /** Waits for the bell on a connection of its own. */
  #wait(): void {
    const { target, clientName, queue } = this.#options;
    this.#bell ??= new Bell(target, clientName, queue, () => this.rung());
  }

  async #get(): Promise<void> {
    this.#more = true;
    if (this.#getting) return;
    this.#getting = true;
    const { connection, queue, prefetch } = this.#options;
    try {
      while (this.#more && this.#entered && !this.buffer.ended) {
        this.#more = false;
        const room = prefetch - this.#held.size;
        if (room <= 0) break;
        const name = this.#name;
        const got = await get(connection, queue, name, room);
        if (name !== this.#name) continue;
        if (typeof got === "string") return this.lose();
        this.#take(got);
        if (!got.dry) this.#more = true;
      }
    } catch {
      // The connection was lost, and with it what it held; or what came cannot be told.
      if (this.#options.connection.connected) this.lose();
    } finally {
      this.#getting = false;
    }
  }

  #take({ entries, dry }: Exclude<Got, string>): void {
    this.#dry = dry;
    const late: Held[] = [];
    for (const entry of entries) {
      const held = this.#deliver(entry);
      if (held) late.push(held);
    }
    if (late.length > 0) this.#finish(late);
    else if (this.buffer.ended && this.#held.size === 0) this.#finish([]);
  }

  /** @returns what came too late to be delivered. */
  #deliver({ level, id, redeliveries, fields }: Entry): Held | undefined {
    const { queue } = this.#options;
    const token = new Held(this, this.#name, level, id);
    const message = decode(fields);
    const attempt = Number(message.headers[ATTEMPT] ?? 1);
    this.#held.add(token);
    if (this.buffer.push({ queue, message, attempt, redeliveries, token })) return undefined;
    return token;
  }

  /** Tells the server that consuming has ended, and what nobody has seen. */
  #finish(unseen: readonly Held[]): void {
    this.#bell?.[Symbol.dispose]();
    this.#bell = undefined;
    const own = unseen.filter((held) => this.#held.delete(held));
    if (!this.#entered) return this.#held.size === 0 ? this.#done.resolve() : undefined;
    const all = this.#held.size === 0;
    if (all) this.#entered = false;
    this.#leave(own, all).catch(() => {}).finally(() => {
      if (all) this.#done.resolve();
    });
  }

  #leave(unseen: readonly Held[], all = true): Promise<void> {
    return end(this.#options.connection, this.#options.queue, this.#name, all, unseen);
  }
}
