import { randomUUID } from "node:crypto";
import type { Piece, SpoolState, SpoolStore } from "../../spool/spool_store.ts";
import { WakeUp } from "../../wake_up.ts";
import { BrokerUnavailableError, SpoolNotFoundError } from "../errors.ts";
import { type Argument, bytes, listOf, type Reply, textOf } from "./client.ts";
import type { Connection } from "./connection.ts";
import { patiently } from "./patiently.ts";
import { isFull, unavailable } from "./redis_error.ts";
import type { Script } from "./script.ts";
import { appending, creating, deleting, locating, looking, reading } from "./spool_scripts.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** How many pieces are read at a time: a mebibyte, in the longest of which nobody else is served. */
const atATime = 8;

/** Spools in Redis: a stream for each. A channel wakes those who read one that grows. */
export class RedisSpoolStore implements SpoolStore {
  readonly #connection: Connection;
  readonly #subscriptions: Subscriptions;
  readonly #closed: AbortSignal;

  /** @param closed aborts when the broker handle is closed, and this one with it. */
  constructor(connection: Connection, subscriptions: Subscriptions, closed: AbortSignal) {
    this.#connection = connection;
    this.#subscriptions = subscriptions;
    this.#closed = closed;
  }

  async create(id: string): Promise<void> {
    await this.#run(creating, [id, randomUUID()]);
  }

  async append(id: string, pieces: readonly Piece[]): Promise<void> {
    const args: Argument[] = [id];
    for (const { seq, at, last, error, body } of pieces) {
      args.push(`${at}`, `${seq}`, last ? "1" : "0", error === undefined ? "" : `=${error}`);
      args.push(bytes(body));
    }
    if (textOf(await this.#run(appending, args)) !== "1") throw new SpoolNotFoundError(id);
  }

  async *read(id: string, from: number, signal: AbortSignal): AsyncGenerator<Piece> {
    const signals = [signal, this.#closed];
    const patient = async (script: Script, args: readonly string[]) => {
      const reply = await patiently(signals, () => this.#run(script, args));
      if (!signal.aborted) this.#assertOpen();
      return reply;
    };
    const channel = `proxymq:spool:${id}`;
    const wakeUp = new WakeUp();
    let listens = false;
    try {
      const [made, first] = listOf(await patient(locating, [id, `${from}`]));
      let place = textOf(first);
      if (signal.aborted) return;
      if (made === undefined) throw new SpoolNotFoundError(id);
      while (!signal.aborted) {
        const entries = await patient(reading, [id, textOf(made), place, `${atATime}`]);
        if (signal.aborted) return;
        if (!Array.isArray(entries)) throw new SpoolNotFoundError(id);
        for (const entry of entries) {
          const piece = readPiece(entry);
          place = `(${piece.at}-${piece.seq + 1}`;
          yield piece;
          if (piece.last) return;
        }
        if (entries.length > 0) continue;
        if (listens) await wakeUp.next(signals);
        // Most spools are whole when they are read. What came meanwhile is looked for once more.
        else await this.#subscriptions.listen(channel, wakeUp);
        listens = true;
      }
    } finally {
      if (listens) this.#subscriptions.unlisten(channel, wakeUp);
    }
  }

  async look(id: string, silenceMs: number): Promise<SpoolState | undefined> {
    const state = textOf(await this.#run(looking, [id, `${silenceMs}`]));
    return state === "" ? undefined : state as SpoolState;
  }

  async delete(id: string): Promise<void> {
    await this.#run(deleting, [id]);
  }

  async #run(script: Script, args: readonly Argument[]): Promise<Reply> {
    this.#assertOpen();
    try {
      return await script.run(this.#connection, args);
    } catch (error) {
      throw isFull(error) ? unavailable(error) : error;
    }
  }

  #assertOpen(): void {
    if (this.#closed.aborted) throw new BrokerUnavailableError("the broker handle is closed");
  }
}

function readPiece(entry: Reply): Piece {
  const [id, fields] = listOf(entry);
  const [at = "", seq = ""] = textOf(id).split("-");
  const [, last, , error, , body] = listOf(fields);
  const why = textOf(error);
  return {
    seq: Number(seq) - 1,
    at: Number(at),
    body: body as Uint8Array,
    last: textOf(last) === "1",
    ...(why === "" ? {} : { error: why.slice(1) }),
  };
}
