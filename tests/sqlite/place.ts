import { join } from "node:path";
import type { Broker, Message } from "../../shared/broker/broker.ts";
import { openBroker } from "../../shared/broker/open.ts";

/** A database in a folder of its own, and this process's handle on it. */
export class Place implements AsyncDisposable {
  readonly url: string;
  readonly broker: Broker;
  readonly queue = "test_requests";
  readonly deadLetterQueue = "test_dlq";
  readonly #folder: string;

  private constructor(folder: string, url: string, broker: Broker) {
    this.#folder = folder;
    this.url = url;
    this.broker = broker;
  }

  static async make(): Promise<Place> {
    const folder = await Deno.makeTempDir({ prefix: "proxymq_test_" });
    const url = `sqlite:${join(folder, "broker.db")}`;
    const place = new Place(folder, url, await openBroker(url, { name: "test" }));
    const { queue: name, deadLetterQueue } = place;
    await place.broker.declare({ kind: "work", name, deadLetterQueue });
    return place;
  }

  async publish(messages: readonly Message[]): Promise<void> {
    await this.broker.publish({ queue: this.queue }, messages);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** So many messages, told apart by their `correlationId`, from 0. */
export function numbered(count: number): Message[] {
  const body = new Uint8Array(100);
  return Array.from({ length: count }, (_, n) => ({ body, headers: {}, correlationId: String(n) }));
}

/** The time on a clock that all processes share, milliseconds. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** The value below which a share of the numbers lies. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
