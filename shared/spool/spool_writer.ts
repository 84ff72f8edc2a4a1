import { Buffer } from "node:buffer";
import { offer } from "../broker/offer.ts";
import { keepAliveMs, silenceMs } from "../message/frame.ts";
import { WakeUp } from "../wake_up.ts";
import { maxPieceBytes, type Piece, type SpoolStore } from "./spool_store.ts";

/** How much goes to the broker at once, bytes. */
const groupBytes = 8 * maxPieceBytes;
/** So much may wait for the broker before its writer has to, bytes. */
const mostWaiting = groupBytes;

/** What {@link SpoolWriter} tells of. */
export interface SpoolWriterEvents {
  /** So many bytes of a body are durable. */
  written(bytes: number): void;
  /** Nothing more is written. */
  closed(): void;
}

/**
 * Writes a spool from its beginning: numbers the pieces, and hands what has come to the broker group by
 * group, each when the one before is durable. So a slow broker holds back whoever {@link write}s, a
 * fast one gets large groups, and no more than two groups are in memory.
 */
export class SpoolWriter {
  readonly id: string;
  readonly #store: SpoolStore;
  readonly #events: SpoolWriterEvents;
  readonly #signal: AbortSignal;
  readonly #changed = new WakeUp();
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #seq = 0;
  #at = 0;
  /** That the body ends with what waits, and how. */
  #end: { readonly error?: string } | undefined;
  #pumping: Promise<void> | undefined;
  #sentAt = performance.now();
  #failure: { readonly error: unknown } | undefined;
  #closed = false;
  #whole = false;

  /**
   * @param id of a spool that was just made.
   * @param signal aborts what the broker does not take.
   */
  constructor(store: SpoolStore, id: string, events: SpoolWriterEvents, signal: AbortSignal) {
    this.#store = store;
    this.id = id;
    this.#events = events;
    this.#signal = signal;
  }

  /** Whether all of the body is durable. */
  get whole(): boolean {
    return this.#whole;
  }

  /** How many bytes were written. */
  get size(): number {
    return this.#at + this.#waiting;
  }

  /**
   * Adds bytes, which must not change any more. Resolves when there is room for others.
   * @throws what the broker did not take something before for.
   */
  async write(bytes: Uint8Array): Promise<void> {
    this.#check();
    if (bytes.byteLength > 0) {
      this.#chunks.push(bytes);
      this.#waiting += bytes.byteLength;
      this.#pump();
    }
    while (this.#waiting > mostWaiting && !this.#failure) await this.#changed.next([]);
    this.#check();
  }

  /**
   * Ends the body. Resolves when all of it is durable.
   * @param error why it is not whole, if so.
   * @throws what the broker did not take it for.
   */
  async finish(error?: string): Promise<void> {
    this.#check();
    this.#end = error === undefined ? {} : { error };
    await this.#pump();
    this.#close();
    this.#check();
    this.#whole = error === undefined;
  }

  /** Writes no more: readers notice by the silence. */
  async abandon(): Promise<void> {
    this.#failure ??= { error: new Error("the spool was given up") };
    this.#changed.wake();
    this.#close();
    await this.#pumping;
  }

  /** To be called now and then: tells readers that it is still there. */
  look(): void {
    if (this.#pumping || this.#failure || this.#end) return;
    if (performance.now() - this.#sentAt >= keepAliveMs) this.#pump(true);
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.closed();
  }

  /** @param speaks whether to write something if only to be heard. */
  #pump(speaks = false): Promise<void> {
    return this.#pumping ??= this.#run(speaks);
  }

  async #run(speaks: boolean): Promise<void> {
    // What comes in this turn of the event loop goes together.
    await Promise.resolve();
    let pieces = this.#nextGroup(speaks);
    while (pieces.length > 0 && !this.#failure) {
      const bytes = pieces.reduce((sum, { body }) => sum + body.byteLength, 0);
      try {
        await offer(() => this.#store.append(this.id, pieces), {
          until: Date.now() + silenceMs,
          signal: this.#signal,
        });
        this.#events.written(bytes);
      } catch (error) {
        this.#failure ??= { error };
        this.#close();
      }
      this.#sentAt = performance.now();
      this.#changed.wake();
      pieces = pieces.at(-1)?.last ? [] : this.#nextGroup(false);
    }
    this.#pumping = undefined;
  }

  #nextGroup(speaks: boolean): Piece[] {
    const pieces: Piece[] = [];
    for (let bytes = 0; this.#chunks.length > 0 && bytes < groupBytes;) {
      const body = this.#nextBody();
      bytes += body.byteLength;
      pieces.push(this.#number(body, false));
    }
    if (this.#chunks.length > 0) return pieces;
    const { error } = this.#end ?? {};
    if (this.#end) {
      const { body } = pieces.at(-1) ?? {};
      if (body && error === undefined) pieces.push({ ...pieces.pop() as Piece, last: true });
      else {pieces.push({
          ...this.#number(nothing, true),
          ...(error === undefined ? {} : { error }),
        });}
    } else if (pieces.length === 0 && speaks) pieces.push(this.#number(nothing, false));
    return pieces;
  }

  #number(body: Uint8Array, last: boolean): Piece {
    const piece = { seq: this.#seq++, at: this.#at, body, last };
    this.#at += body.byteLength;
    this.#waiting -= body.byteLength;
    return piece;
  }

  /** A piece's worth of what waits: many small chunks as one, and a large one as many. */
  #nextBody(): Uint8Array {
    const [first = nothing] = this.#chunks;
    if (first.byteLength > maxPieceBytes) {
      this.#chunks[0] = first.subarray(maxPieceBytes);
      return first.subarray(0, maxPieceBytes);
    }
    let count = 0;
    let size = 0;
    for (const { byteLength } of this.#chunks) {
      if (size + byteLength > maxPieceBytes) break;
      size += byteLength;
      count++;
    }
    const whole = this.#chunks.splice(0, count);
    return count === 1 ? first : Buffer.concat(whole, size);
  }
}

const nothing = new Uint8Array(0);
