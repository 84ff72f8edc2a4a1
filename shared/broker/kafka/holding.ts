import { BrokerUnavailableError, DeliveryLostError } from "../errors.ts";
import type { Ack } from "./acks.ts";
import type { AcquiredRecord } from "./acquired.ts";
import { Lease, type LeaseHolder } from "./lease.ts";
import { refused } from "./refusal.ts";
import { acknowledgements } from "./share_apis.ts";

const gap = 0;

/** An acknowledgement, and who waits for it. */
export interface PendingAck extends Ack {
  readonly lease: Lease | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What a session holds, and what is to be acknowledged of it. */
export class Holding {
  readonly #topic: string;
  readonly #held = new Set<Lease>();
  #pending: PendingAck[] = [];

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** How many are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Holds what was acquired. Where no record is, there is nothing to be done with it. */
  hold(acquired: Iterable<AcquiredRecord>, holder: LeaseHolder): Lease[] {
    const leases: Lease[] = [];
    for (const { partition, offset, record, deliveryCount } of acquired) {
      if (record) leases.push(new Lease(holder, partition, record, deliveryCount));
      else {
        const nobody = { lease: undefined, resolve() {}, reject() {} };
        this.#pending.push({ partition, offset, type: gap, ...nobody });
      }
    }
    for (const lease of leases) this.#held.add(lease);
    return leases;
  }

  /** Something is to be done with one. Resolves when the server has taken it. */
  add(lease: Lease, type: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { partition, record: { offset } } = lease;
    this.#pending.push({ lease, partition, offset, type, resolve, reject });
    return promise;
  }

  /** All that is to be done with some; it is then {@link done} or {@link refuse}d. */
  takePending(): PendingAck[] {
    return this.#pending.splice(0);
  }

  /** Asks for what is held for longer, but for that with which something else is to be done. */
  renew(): void {
    const pending = new Set(this.#pending.map(({ lease }) => lease));
    for (const lease of this.#held) {
      if (pending.has(lease)) continue;
      this.add(lease, acknowledgements.renew).catch(() => lease.end());
    }
  }

  /** The server has taken it. */
  done({ lease, type, resolve }: PendingAck): void {
    if (lease && type !== acknowledgements.renew) this.#end(lease);
    resolve();
  }

  /** The server has refused it. */
  refuse({ lease, reject }: PendingAck, code: number): void {
    if (lease) this.#end(lease);
    const cause = refused(code, this.#topic);
    reject(new DeliveryLostError("it is no longer this consumer's", { cause }));
  }

  /** The server will not be heard of any more. */
  lose(): void {
    for (const lease of this.#held) lease.end();
    this.#held.clear();
    const error = new BrokerUnavailableError("the connection was lost before it was settled");
    for (const { reject } of this.takePending()) reject(error);
  }

  #end(lease: Lease): void {
    this.#held.delete(lease);
    lease.end();
  }
}
