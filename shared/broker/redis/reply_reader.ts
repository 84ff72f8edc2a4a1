import { ATTEMPT, type Delivery } from "../broker.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import { backoffMs, pause } from "../../waiting.ts";
import { listOf, textOf } from "./client.ts";
import { Connection } from "./connection.ts";
import { decode } from "./fields.ts";
import type { Target } from "./url.ts";

const blocksMs = 5000;
/** How many are read at once. */
const most = 64;

/** What a {@link ReplyReader} works with. */
export interface ReplyReaderOptions {
  readonly target: Target;
  /** The name of its own connection, as operators see it. */
  readonly clientName: string;
  /** Where what was read is deleted. */
  readonly connection: Connection;
  readonly queue: string;
  readonly signal: AbortSignal;
}

/**
 * Reads a reply queue on a connection of its own, from the first reply that is there. A reply is
 * deleted after it was read: what is on its way when the connection is lost is read again.
 */
export class ReplyReader {
  readonly buffer: DeliveryBuffer;
  readonly ended: Promise<void>;
  readonly #options: ReplyReaderOptions;
  readonly #reading: Connection;
  readonly #closing = new AbortController();

  constructor(options: ReplyReaderOptions) {
    this.#options = options;
    const { target, clientName, signal } = options;
    this.#reading = new Connection({ target, name: clientName, onChange: () => {}, blocksMs });
    const stop = () => this.buffer.end();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.buffer = new DeliveryBuffer(() => {
      signal.removeEventListener("abort", stop);
      this.#closing.abort();
      this.#reading.close().then(resolve);
    });
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    else this.#run();
  }

  async dispose(): Promise<void> {
    this.buffer.end();
    await this.ended;
  }

  async #run(): Promise<void> {
    const { queue, connection } = this.#options;
    const stream = `proxymq:{${queue}}:replies`;
    let last = "0-0";
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.#reading.ready();
        for (;;) {
          const read = await this.#reading.send(
            ["XREAD", "COUNT", `${most}`, "BLOCK", `${blocksMs}`, "STREAMS", stream, last],
          );
          failures = 0;
          const [, entries] = listOf(read).map(listOf);
          if (!entries) {
            // By now all that was read is deleted; a stream that was lost may begin with lower ids.
            last = "0-0";
            continue;
          }
          for (const entry of entries) this.buffer.push(this.#delivery(listOf(entry)[1] ?? null));
          const ids = entries.map((entry) => textOf(listOf(entry)[0]));
          last = ids.at(-1) ?? last;
          connection.send(["XDEL", stream, ...ids]).catch(() => {});
        }
      } catch {
        // The connection was lost, and the next one reads on; or the server refuses.
        await pause(backoffMs(failures), signal);
      }
    }
  }

  #delivery(fields: Parameters<typeof decode>[0]): Delivery {
    const { queue } = this.#options;
    const message = decode(fields);
    const attempt = Number(message.headers[ATTEMPT] ?? 1);
    return { queue, message, attempt, redeliveries: 0, token: undefined };
  }
}
