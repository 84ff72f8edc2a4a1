import { Buffer } from "node:buffer";
import type { HeaderTable } from "../../shared/http/headers.ts";

/** How much is kept of a body that nobody takes, before the microservice is paused, bytes. */
const mostKept = 131_072;

/** What holds back, and lets go on, whatever a body comes from. */
export interface BodySource {
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/**
 * A response of the microservice whose body still comes: taken piece by piece, by one reader. While
 * it is not taken the microservice is paused, so that no more than a little is kept.
 */
export class UpstreamStream {
  readonly status: number;
  readonly headers: HeaderTable;
  /** Resolves when nothing more comes, well or not. */
  readonly closed: Promise<void>;
  readonly #source: BodySource;
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #paused = false;
  #ended = false;
  #error: unknown;
  #cut: Error | undefined;
  #waitingSince: number | undefined;
  #wanted: (() => void) | undefined;
  #close!: () => void;

  constructor(
    head: { readonly status: number; readonly headers: HeaderTable },
    source: BodySource,
  ) {
    this.status = head.status;
    this.headers = head.headers;
    this.#source = source;
    this.closed = new Promise((resolve) => this.#close = resolve);
  }

  /** Since when whoever takes waits for more, epoch milliseconds, if so. */
  get waitingSince(): number | undefined {
    return this.#waitingSince;
  }

  /** Adds what has come. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.byteLength;
    if (this.#kept >= mostKept && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#wake();
  }

  /** The body is whole. */
  end(): void {
    this.#ended = true;
    this.#close();
    this.#wake();
  }

  /** Nothing more comes, though the body is not whole. What has come can be taken still. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#error = error ?? new Error("the response broke off");
    this.end();
  }

  /** Ends the call: nobody wants any more of it. */
  abort(reason: Error): void {
    this.cut(reason);
    this.#source.abort(reason);
  }

  /** Nobody is to take any more of it. */
  cut(reason: Error): void {
    this.#chunks = [];
    this.#cut = reason;
    this.end();
  }

  /** Why nobody is to take any more of it, if so. */
  get reason(): Error | undefined {
    return this.#cut;
  }

  /** Whether all of it was taken, and it was whole. */
  get done(): boolean {
    return this.#ended && this.#chunks.length === 0 && this.#error === undefined;
  }

  /** What has come by now, at most so many bytes of it in one piece; undefined where nothing has. */
  takeNow(most: number): Uint8Array | undefined {
    const piece = this.#piece(most);
    if (this.#paused && this.#kept < mostKept) {
      this.#paused = false;
      this.#source.resume();
    }
    return piece;
  }

  /**
   * Takes what has come, in one piece, as soon as there is something.
   * @param most bytes, at least 1.
   * @returns undefined at the end.
   * @throws why the body is not whole.
   */
  async take(most: number): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && !this.#ended) {
      this.#waitingSince = Date.now();
      await new Promise<void>((resolve) => this.#wanted = resolve);
      this.#waitingSince = undefined;
    }
    if (this.#cut) throw this.#cut;
    const piece = this.takeNow(most);
    if (!piece && this.#error !== undefined) throw this.#error;
    return piece;
  }

  #piece(most: number): Uint8Array | undefined {
    const [first] = this.#chunks;
    if (!first) return undefined;
    if (first.byteLength >= most) {
      if (first.byteLength === most) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(most);
      this.#kept -= most;
      return first.subarray(0, most);
    }
    let count = 0;
    let size = 0;
    for (const { byteLength } of this.#chunks) {
      if (size + byteLength > most) break;
      size += byteLength;
      count++;
    }
    const whole = this.#chunks.splice(0, count);
    this.#kept -= size;
    return count === 1 ? first : Buffer.concat(whole, size);
  }

  #wake(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.();
  }
}
