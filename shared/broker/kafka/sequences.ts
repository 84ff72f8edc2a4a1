import { type Connection, initProducerIdV5 } from "@platformatic/kafka";
import { pause } from "../../waiting.ts";
import { BrokerUnavailableError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, codeOf, codes, isUncoordinated } from "./refusal.ts";

/** By what a server knows records again that come to it twice, and those that come out of turn. */
export interface Stamp {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** The number of the first record. */
  readonly first: number;
}

/** How long a producer's id is asked for, milliseconds. */
const patienceMs = 3_000;
const mostEpochs = 32_000;
const mostNumbers = 2 ** 31 - 1;
/** Partitions whose numbers are kept; spools come and go. */
const mostPartitions = 1_000;

/** Numbers the records of each partition, under an id that the servers have given (KIP-98). */
export class Sequences {
  readonly #cluster: Cluster;
  readonly #next = new Map<string, number>();
  #producerId: bigint | undefined;
  #epoch = 0;
  #asking: Promise<void> | undefined;
  #forbidden = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Whether {@link stamp} may be called. */
  get ready(): boolean {
    return this.#forbidden || this.#producerId !== undefined;
  }

  /** The epoch of what is stamped now. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Asks for an id. @throws {BrokerUnavailableError} none was given. */
  prepare(): Promise<void> {
    return this.#asking ??= this.#ask().finally(() => this.#asking = undefined);
  }

  /** Numbers records that are appended after all that were numbered before; undefined without an id. */
  stamp(topic: string, partition: number, count: number): Stamp | undefined {
    if (this.#producerId === undefined) return undefined;
    const key = `${partition} ${topic}`;
    let first = this.#next.get(key);
    const full = first === undefined && this.#next.size >= mostPartitions;
    if (full || (first ?? 0) + count > mostNumbers) {
      this.startAnew();
      if (this.#producerId === undefined) return undefined;
      first = 0;
    }
    this.#next.set(key, (first ?? 0) + count);
    return { producerId: this.#producerId, producerEpoch: this.#epoch, first: first ?? 0 };
  }

  /**
   * Numbers everything from 0 on, since some of what was numbered is given up: what follows it would
   * be out of turn. Once it is there, what is left of before is refused where it comes late (KIP-360).
   */
  startAnew(): void {
    this.#next.clear();
    this.#epoch++;
    if (this.#epoch <= mostEpochs) return;
    this.#epoch = 0;
    this.#producerId = undefined;
  }

  async #ask(): Promise<void> {
    for (const start = performance.now();;) {
      try {
        const { producerId, producerEpoch } = await this.#cluster.ask(newId);
        this.#epoch = producerEpoch;
        this.#producerId = producerId;
        return;
      } catch (error) {
        const code = error instanceof Error ? codeOf(error.cause) : undefined;
        this.#forbidden = code === codes.clusterForbidden;
        if (this.#forbidden) return;
        if (!isUncoordinated(code) || performance.now() - start > patienceMs) {
          throw brokerError(error, "a producer's id");
        }
        await pause(50, this.#cluster.closing);
        if (this.#cluster.closing.aborted) {
          throw new BrokerUnavailableError("the broker handle is closed");
        }
      }
    }
  }
}

function newId(connection: Connection) {
  return initProducerIdV5.api.async(connection, null, 0, -1n, -1);
}

/** Whether records were refused since they are not those whose turn it is. */
export function isOutOfTurn(code: number): boolean {
  return code === codes.outOfOrderSequence || code === codes.invalidProducerEpoch ||
    code === codes.unknownProducer;
}
