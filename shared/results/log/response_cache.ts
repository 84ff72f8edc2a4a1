import type { QueuedResponse } from "../../message/envelope.ts";

/** What a response takes beside its body, roughly, bytes. */
const overheadBytes = 1_024;

/** The latest responses, by where they stand in the log, up to a number of bytes in all. */
export class ResponseCache {
  readonly #limit: number;
  readonly #responses = new Map<number, QueuedResponse>();
  #bytes = 0;

  /** @param limit the most that they may take together, bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(offset: number): QueuedResponse | undefined {
    return this.#responses.get(offset);
  }

  add(offset: number, response: QueuedResponse): void {
    // One large response is not worth all the others.
    if (size(response) > this.#limit / 8 || this.#responses.has(offset)) return;
    this.#responses.set(offset, response);
    this.#bytes += size(response);
    for (const [oldest, dropped] of this.#responses) {
      if (this.#bytes <= this.#limit) return;
      this.#responses.delete(oldest);
      this.#bytes -= size(dropped);
    }
  }
}

function size({ body }: QueuedResponse): number {
  return body.byteLength + overheadBytes;
}
