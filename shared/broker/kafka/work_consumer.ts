import { logger } from "../../log.ts";
import type { ConsumeOptions, Delivery, Message } from "../broker.ts";
import { DeliveryBuffer } from "../delivery_buffer.ts";
import type { Cluster } from "./cluster.ts";
import { attemptOf, deadLetter } from "./dead.ts";
import type { Directory } from "./directory.ts";
import { Lease } from "./lease.ts";
import { decodeRecord, numberOf } from "./record.ts";
import type { Router } from "./router.ts";
import { acknowledgements } from "./share_apis.ts";
import { ShareConsumer } from "./share_consumer.ts";
import type { GroupSettings } from "./topics.ts";

const log = logger("broker");

/** The field that counts the redeliveries of a message before it was written anew. */
const redeliveriesField = "redeliveries";
/** How often the others are told how much is held, milliseconds. */
const tellEveryMs = 100;

/** What consumers of a handle have in common. */
export interface Consuming {
  readonly cluster: Cluster;
  readonly groups: GroupSettings;
  readonly directory: Directory;
  readonly router: Router;
  readonly handle: string;
  readonly deadLetterQueue: (queue: string) => string;
  /** Makes a queue again that this handle has declared; throws if it has not. */
  readonly redeclare: (queue: string) => Promise<void>;
}

/** One consumer of one work queue, from the start of the iteration until all it held is settled. */
export class WorkConsumer {
  readonly queue: string;
  readonly buffer: DeliveryBuffer;
  readonly #shared: Consuming;
  readonly #consumer: ShareConsumer;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.buffer.end();
  #telling: ReturnType<typeof setTimeout> | undefined;
  #told = 0;
  #stopping: Promise<void> | undefined;

  constructor(shared: Consuming, queue: string, { prefetch, signal }: ConsumeOptions) {
    this.queue = queue;
    this.#shared = shared;
    this.#signal = signal;
    this.buffer = new DeliveryBuffer((unread) => this.#end(unread));
    this.#consumer = new ShareConsumer({
      cluster: shared.cluster,
      groups: shared.groups,
      handle: shared.handle,
      topic: queue,
      most: prefetch,
      onLease: (lease) => this.#take(lease),
      onMissing: () => shared.redeclare(queue),
      onHeld: () => this.#tellSoon(),
    });
    this.#consumer.ended.catch((error) => this.buffer.end(error)).finally(() => {
      this.buffer.end();
      clearTimeout(this.#telling);
      if (this.#told > 0) this.#tell();
    });
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.buffer.end();
  }

  /** How many deliveries it holds. */
  get held(): number {
    return this.#consumer.held;
  }

  /** Resolves when all that it held is settled. */
  get ended(): Promise<void> {
    return this.#consumer.ended.catch(() => {});
  }

  /** Ends it and gives back all that it holds. */
  async close(): Promise<void> {
    this.buffer.end();
    await this.#consumer.release();
    await this.ended;
  }

  #end(unread: readonly Delivery[]): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    for (const { token } of unread) if (token instanceof Lease) this.#giveBack(token);
    // The consumer may not be there yet: the signal can have aborted before.
    queueMicrotask(() => this.#stopping ??= this.#consumer.stop());
  }

  #take(lease: Lease): void {
    const { record, deliveryCount } = lease;
    const message = decodeRecord(record);
    const { expiration } = message;
    if (expiration !== undefined && record.timestamp + expiration <= Date.now()) {
      return this.#instead(lease, () => this.#bury(message));
    }
    const redeliveries = (numberOf(record.fields.get(redeliveriesField)) ?? 0) + deliveryCount - 1;
    if (this.#shared.groups.isWorn(lease)) {
      return this.#instead(lease, () =>
        this.#shared.router.toQueue(this.queue, [message], {
          extra: { [redeliveriesField]: `${redeliveries}` },
          timestamp: record.timestamp,
        }));
    }
    const delivery: Delivery = {
      queue: this.queue,
      message,
      attempt: attemptOf(message),
      redeliveries,
      token: lease,
    };
    if (!this.buffer.push(delivery)) this.#giveBack(lease);
  }

  #giveBack(lease: Lease): void {
    if (!lease.claim()) return;
    lease.holder.acknowledge(lease, acknowledgements.release).catch(() => {});
  }

  /** Does something else with a record than deliver it; then it is gone from here. */
  #instead(lease: Lease, act: () => Promise<void>): void {
    lease.claim();
    act().then(
      () => lease.holder.acknowledge(lease, acknowledgements.accept),
      (error) => {
        log.debug("a message of {queue} stays: {error}", { queue: this.queue, error });
        return lease.holder.acknowledge(lease, acknowledgements.release);
      },
    ).catch(() => {});
  }

  #bury(message: Message): Promise<void> {
    const to = this.#shared.deadLetterQueue(this.queue);
    return this.#shared.router.toQueue(to, [deadLetter(message, this.queue, "expired")]);
  }

  #tellSoon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      if (this.#consumer.held !== this.#told) this.#tell();
    }, tellEveryMs);
  }

  #tell(): void {
    const { directory, handle } = this.#shared;
    const count = this.#consumer.held;
    this.#told = count;
    directory.note(
      ["held", this.#consumer.member],
      count === 0 ? undefined : { handle, queue: this.queue, count },
    );
  }
}
