import { backoffMs, pause } from "../../waiting.ts";
import { listOf } from "./client.ts";
import { Connection } from "./connection.ts";
import type { Target } from "./url.ts";

/** How long one wait is; after it, what nobody rang for is looked for. */
const blocksMs = 5000;

/**
 * Waits, on a connection of its own, for a queue's bell, which rings for one of those who wait. The
 * server forgets a waiter with its connection, however that ends.
 */
export class Bell implements Disposable {
  readonly #connection: Connection;
  readonly #closing = new AbortController();

  /** @param onRing called when it rings, and from time to time when it may have. */
  constructor(target: Target, name: string, queue: string, onRing: () => void) {
    this.#connection = new Connection({ target, name, onChange: () => {}, blocksMs });
    this.#run(`proxymq:{${queue}}:bell`, onRing);
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#connection.close();
  }

  async #run(bell: string, onRing: () => void): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.#connection.ready();
        // What came while nobody waited rang in vain.
        onRing();
        for (;;) {
          const rang = await this.#connection.send(["BLPOP", bell, `${blocksMs / 1000}`]);
          if (signal.aborted) return;
          failures = 0;
          if (listOf(rang).length > 0 || rang === null) onRing();
        }
      } catch {
        // The connection was lost, and the next one waits again; or the server refuses.
        await pause(backoffMs(failures), signal);
      }
    }
  }
}
