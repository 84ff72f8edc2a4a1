import type { SpooledBody } from "../../shared/message/envelope.ts";
import { SpoolBrokenError } from "../../shared/spool/spool_store.ts";

/** Reads a spool from a byte on, as `Spools.read` does. */
export type ReadSpooled = (
  id: string,
  from: number,
  signal: AbortSignal,
) => AsyncIterable<Uint8Array>;

/** The body of a request, on its way from its spool to the microservice, as fast as that takes it. */
export class RequestBody implements AsyncIterable<Uint8Array> {
  readonly #read: ReadSpooled;
  readonly #spooled: SpooledBody;
  readonly #stop = new AbortController();
  #sent = 0;
  #movedAt = Date.now();
  #failure: { readonly error: unknown } | undefined;

  constructor(read: ReadSpooled, spooled: SpooledBody) {
    this.#read = read;
    this.#spooled = spooled;
  }

  /** Bytes, all of it. */
  get size(): number {
    return this.#spooled.size;
  }

  /** When the microservice last took some of it, epoch milliseconds. */
  get movedAt(): number {
    return this.#movedAt;
  }

  /** Why it could not be read to its end, if so. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const { spool, size } = this.#spooled;
    const { signal } = this.#stop;
    try {
      for await (const bytes of this.#read(spool, 0, signal)) {
        this.#sent += bytes.byteLength;
        this.#movedAt = Date.now();
        yield bytes;
      }
      if (this.#sent !== size && !signal.aborted) {
        throw new SpoolBrokenError(`it has ${this.#sent} bytes, and the request says ${size}`);
      }
    } catch (error) {
      if (!signal.aborted) this.#failure = { error };
      throw error;
    }
    this.#movedAt = Date.now();
  }

  /** Nobody takes any more of it. */
  close(): void {
    this.#stop.abort();
  }
}
