import type { Piece, SpoolState, SpoolStore } from "../../spool/spool_store.ts";
import { WakeUp } from "../../wake_up.ts";
import { BrokerUnavailableError, SpoolNotFoundError } from "../errors.ts";

interface Spool {
  readonly pieces: Piece[];
  readonly readers: Set<WakeUp>;
  heardAt: number;
}

/** The spools that the handles of one name share. */
export type Spools = Map<string, Spool>;

/** One handle on the {@link Spools} of a name. */
export class MemorySpoolStore implements SpoolStore {
  readonly #spools: Spools;
  readonly #closed: AbortSignal;

  /** @param closed aborts when the broker handle is closed, and this one with it. */
  constructor(spools: Spools, closed: AbortSignal) {
    this.#spools = spools;
    this.#closed = closed;
  }

  create(id: string): Promise<void> {
    return this.#whileOpen(() => {
      if (this.#spools.has(id)) return;
      this.#spools.set(id, { pieces: [], readers: new Set(), heardAt: performance.now() });
    });
  }

  append(id: string, pieces: readonly Piece[]): Promise<void> {
    return this.#whileOpen(() => {
      const spool = this.#find(id);
      spool.pieces.push(...pieces);
      spool.heardAt = performance.now();
      for (const reader of spool.readers) reader.wake();
    });
  }

  async *read(id: string, from: number, signal: AbortSignal): AsyncGenerator<Piece> {
    const spool = await this.#whileOpen(() => this.#find(id));
    const wakeUp = new WakeUp();
    spool.readers.add(wakeUp);
    try {
      for (let next = firstOf(spool.pieces, from); !signal.aborted;) {
        if (await this.#whileOpen(() => this.#find(id)) !== spool) throw new SpoolNotFoundError(id);
        const piece = spool.pieces[next];
        if (piece) {
          next++;
          yield piece;
          if (piece.last) return;
        } else await wakeUp.next([signal, this.#closed]);
      }
    } finally {
      spool.readers.delete(wakeUp);
    }
  }

  look(id: string, silenceMs: number): Promise<SpoolState | undefined> {
    return this.#whileOpen(() => {
      const spool = this.#spools.get(id);
      if (!spool) return undefined;
      if (spool.pieces.at(-1)?.last) return "ended";
      return performance.now() - spool.heardAt < silenceMs ? "growing" : "silent";
    });
  }

  delete(id: string): Promise<void> {
    return this.#whileOpen(() => {
      const spool = this.#spools.get(id);
      this.#spools.delete(id);
      for (const reader of spool?.readers ?? []) reader.wake();
    });
  }

  #find(id: string): Spool {
    const spool = this.#spools.get(id);
    if (!spool) throw new SpoolNotFoundError(id);
    return spool;
  }

  #whileOpen<T>(action: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#closed.aborted) throw new BrokerUnavailableError("the broker handle is closed");
      resolve(action());
    });
  }
}

/** Where the last piece stands that begins at or before a byte. */
function firstOf(pieces: readonly Piece[], from: number): number {
  let [low, high] = [0, pieces.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((pieces[middle]?.at ?? 0) <= from) low = middle;
    else high = middle;
  }
  return low;
}
