import type { Connection } from "./connection.ts";
import { type Leased, renew } from "./consuming.ts";

/** What {@link Leases} work with. */
export interface LeasesOptions<C extends Leased> {
  readonly connection: Connection;
  readonly leaseMs: number;
  readonly consumers: () => readonly C[];
  readonly owners: () => readonly Leased[];
  /** Told of consumers whose lease is over: others have what they held. */
  readonly onLost: (consumer: C) => void;
  /** Told of reply queues that are gone. */
  readonly onGone: (queue: string) => void;
}

/** Extends the leases of all that a handle has, three times in a lease, by one command. */
export class Leases<C extends Leased> implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: LeasesOptions<C>) {
    this.#timer = setInterval(() => {
      this.#renew(options).catch(() => {
        // What is not extended now is in a third of a lease, or is over.
      });
    }, options.leaseMs / 3);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #renew(options: LeasesOptions<C>): Promise<void> {
    const { connection, leaseMs, onLost, onGone } = options;
    const [consumers, owners] = [options.consumers(), options.owners()];
    if (!connection.connected || consumers.length + owners.length === 0) return;
    const names = new Map(consumers.map((consumer) => [consumer, consumer.name]));
    const lost = await renew(connection, leaseMs, consumers, owners);
    for (const consumer of lost.consumers) {
      if (consumer.name === names.get(consumer)) onLost(consumer);
    }
    for (const { queue } of lost.owners) onGone(queue);
  }
}
