import type { Piece, SpoolState, SpoolStore } from "../../spool/spool_store.ts";
import { WakeUp } from "../../wake_up.ts";
import { BrokerUnavailableError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import type { Peer } from "./peer.ts";
import { append, create, find, pieceFrom, remove, seqOf, stateOf } from "./spool_rows.ts";
import { tellWatchers } from "./watching.ts";
import { whenUsable } from "./when_usable.ts";

/**
 * The spools of a database file, on the {@link Peer} of their broker handle. Readers are woken as
 * those are who watch a request.
 */
export class SqliteSpoolStore implements SpoolStore {
  readonly #peer: Peer;
  readonly #closed: AbortSignal;

  /** @param closed aborts when the broker handle is closed, and this one with it. */
  constructor(peer: Peer, closed: AbortSignal) {
    this.#peer = peer;
    this.#closed = closed;
  }

  async create(id: string): Promise<void> {
    this.#assertOpen();
    await this.#peer.write((connection) => create(connection, id, Date.now()), { durable: true });
  }

  append(id: string, pieces: readonly Piece[]): Promise<void> {
    return this.#change(id, (connection) => append(connection, id, pieces, Date.now()));
  }

  async *read(id: string, from: number, signal: AbortSignal): AsyncGenerator<Piece> {
    this.#assertOpen();
    const peer = this.#peer;
    const signals = [signal, this.#closed];
    const either = AbortSignal.any(signals);
    const read = <Result>(query: (connection: Connection) => Result) =>
      whenUsable(peer, either, () => peer.read(query));
    const key = watchKey(id);
    const wakeUp = new WakeUp();
    const announce = () =>
      peer.write((connection) => peer.watching.announce(connection, peer.client, key), {
        durable: false,
      });
    let announced = false;
    try {
      const spool = await read((connection) => find(connection, id));
      let seq = await read((connection) => seqOf(connection, spool, from));
      while (!signal.aborted) {
        const piece = await read((connection) => pieceFrom(connection, { name: id, spool, seq }));
        if (piece) {
          seq = piece.seq + 1;
          yield piece;
          if (piece.last) return;
        } else if (announced) {
          await wakeUp.next(signals);
        } else {
          // Most spools are whole when they are read, and then nobody has to be told of the reader.
          announced = true;
          peer.watching.watch(key, wakeUp);
          peer.consumersChanged();
          await whenUsable(peer, either, announce);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      if (announced) {
        peer.watching.unwatch(key, wakeUp);
        peer.consumersChanged();
        // An announcement that cannot be taken back costs others a ring, and ends with our lease.
        announce().catch(() => {});
      }
    }
  }

  async look(id: string, silenceMs: number): Promise<SpoolState | undefined> {
    this.#assertOpen();
    const now = Date.now();
    return await this.#peer.read((connection) => stateOf(connection, id, { now, silenceMs }));
  }

  async delete(id: string): Promise<void> {
    await this.#change(id, (connection) => remove(connection, id));
  }

  async #change(id: string, apply: (connection: Connection) => void): Promise<void> {
    this.#assertOpen();
    const peer = this.#peer;
    const key = watchKey(id);
    await peer.write((connection) => {
      apply(connection);
      for (const client of tellWatchers(connection, key, peer.client)) peer.wake(client);
    }, { durable: true });
    peer.watching.changed(key);
  }

  #assertOpen(): void {
    if (this.#closed.aborted) throw new BrokerUnavailableError("the broker handle is closed");
  }
}

/** Requests, which are watched too, have ids without a colon. */
function watchKey(id: string): string {
  return `spool:${id}`;
}
