import type { Broker } from "../../shared/broker/broker.ts";
import { BrokerUnavailableError, QueueNotFoundError } from "../../shared/broker/errors.ts";
import { eventually } from "./waiting.ts";

/**
 * Publishes numbered messages one after the other, each until it is confirmed, and goes on
 * through whatever happens to the broker meanwhile.
 */
export class Flow implements AsyncDisposable {
  /** The bodies of the messages that were confirmed. */
  readonly confirmed: string[] = [];
  /** How often a publish failed. */
  failures = 0;
  readonly #ended: Promise<void>;
  #stopping = false;

  constructor(broker: Broker, queue: string) {
    this.#ended = this.#run(broker, queue);
    this.#ended.catch(() => {});
  }

  /** Waits until that many more are confirmed. */
  async more(count: number): Promise<void> {
    const goal = this.confirmed.length + count;
    await Promise.race([
      eventually(() => this.confirmed.length >= goal, { timeoutMs: 45_000 }),
      this.#ended,
    ]);
  }

  /** Ends it when the message under way is confirmed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(broker: Broker, queue: string): Promise<void> {
    while (!this.#stopping) {
      const text = `${this.confirmed.length}`;
      const message = { body: new TextEncoder().encode(text), headers: {} };
      await eventually(() =>
        broker.publish({ queue }, [message]).then(() => true, (error) => {
          this.failures++;
          return isPassing(error) && !this.#stopping ? false : Promise.reject(error);
        }), { timeoutMs: 45_000 });
      this.confirmed.push(text);
    }
  }
}

/** A queue may be missing for a moment while it is declared again. */
function isPassing(error: unknown): boolean {
  return error instanceof BrokerUnavailableError || error instanceof QueueNotFoundError;
}
