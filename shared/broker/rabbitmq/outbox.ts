import { setImmediate } from "node:timers";

const slabBytes = 65536;
const byReference = 16384;

/**
 * What is to be sent in this turn of the event loop, written to the socket at its end and at one
 * go. Small pieces are laid side by side in a slab; large ones are passed on without a copy, and
 * must not be changed afterwards.
 */
export class Outbox {
  #slab = new Uint8Array(slabBytes);
  #start = 0;
  #end = 0;
  #chunks: Uint8Array[] = [];
  #scheduled = false;
  #atEnd: (() => void)[] = [];
  readonly #write: (chunks: readonly Uint8Array[]) => void;
  readonly #flush = (): void => this.flush();

  /** @param write takes all the bytes of one turn, in order. */
  constructor(write: (chunks: readonly Uint8Array[]) => void) {
    this.#write = write;
  }

  /** The slab that has room for `bytes` more at {@link offset}. Call {@link commit} after writing. */
  reserve(bytes: number): Uint8Array {
    if (this.#end + bytes > this.#slab.length) {
      this.#seal();
      this.#slab = new Uint8Array(Math.max(slabBytes, bytes));
      this.#start = this.#end = 0;
    }
    return this.#slab;
  }

  /** Where in the slab the next byte goes. */
  get offset(): number {
    return this.#end;
  }

  /** Takes what was written into the slab up to `offset`. */
  commit(offset: number): void {
    this.#end = offset;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  /** Adds bytes that are complete; from 16 KiB on they are not copied. */
  append(bytes: Uint8Array): void {
    if (bytes.length < byReference) {
      this.reserve(bytes.length).set(bytes, this.#end);
      this.commit(this.#end + bytes.length);
    } else {
      this.#seal();
      this.#chunks.push(bytes);
      this.commit(this.#end);
    }
  }

  /** Calls back before this turn's bytes are written, so that more can be added to them. */
  atEnd(action: () => void): void {
    this.#atEnd.push(action);
    this.commit(this.#end);
  }

  /** Writes at once what there is. */
  flush(): void {
    for (const action of this.#atEnd.splice(0)) action();
    this.#scheduled = false;
    this.#seal();
    if (this.#chunks.length === 0) return;
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#write(chunks);
  }

  #seal(): void {
    if (this.#end > this.#start) this.#chunks.push(this.#slab.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}
