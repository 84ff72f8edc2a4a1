import { Connection } from "./connection.ts";
import { listOf } from "./client.ts";
import type { Target } from "./url.ts";

/** How long one wait is; after it, what nobody rang for is looked for. */
const blocksMs = 5000;

/**
 * Waits, on a connection of its own, for a queue's bell, which rings for one of those who wait. The
 * server forgets a waiter with its connection, however that ends.
 */
export class Bell implements Disposable {
  readonly #connection: Connection;
  #closed = false;

  /** @param onRing called when it rings, and from time to time when it may have. */
  constructor(target: Target, name: string, queue: string, onRing: () => void) {
    this.#connection = new Connection({ target, name, onChange: () => {}, blocksMs });
    this.#run(`proxymq:{${queue}}:bell`, onRing);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#connection.close();
  }

  async #run(bell: string, onRing: () => void): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#connection.ready();
        // What came while nobody waited rang in vain.
        onRing();
        for (;;) {
          const rang = await this.#connection.send(["BLPOP", bell, `${blocksMs / 1000}`]);
          if (this.#closed) return;
          if (listOf(rang).length > 0 || rang === null) onRing();
        }
      } catch {
        // The connection was lost: the next one waits again.
      }
    }
  }
}
