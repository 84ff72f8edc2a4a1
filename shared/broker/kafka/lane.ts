import type { Connection } from "@platformatic/kafka";
import { pause, within } from "../../waiting.ts";
import { BrokerUnavailableError } from "../errors.ts";
import {
  type Acks,
  type Answer,
  type Batch,
  countOf,
  inBatches,
  type Job,
  produce,
} from "./batch.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, codes, isMoved } from "./refusal.ts";
import { isOutOfTurn, type Sequences } from "./sequences.ts";

/** One partition's records go in batches of about this size, bytes. */
export const batchBytes = 512 * 1024;
/** A request is not made larger than this by putting more into it, bytes. */
const requestBytes = 4 * 2 ** 20;
/** Requests that are not answered yet; a server knows the last five batches of a producer again. */
const mostInFlight = 4;
/** How long a batch is sent again whose answer has not come, milliseconds. */
const patienceMs = 3_000;
const againMs = 50;

/** What a {@link Lane} is made of. */
export interface LaneOptions {
  readonly cluster: Cluster;
  readonly node: number;
  readonly acks: Acks;
  /** Where batches get their numbers from, if nothing of them may come twice. */
  readonly sequences?: Sequences;
}

/**
 * What goes to one server. Where batches have numbers, one whose answer was lost is sent again as it
 * was, and the server appends it if it had not yet. Nothing else is sent meanwhile: that would be out
 * of turn.
 */
export class Lane {
  readonly #options: LaneOptions;
  #waiting: Job[] = [];
  #inFlight = 0;
  #scheduled = false;
  /** Nothing new is sent until all that was has its end. */
  #held = false;
  #again: Batch[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Sends it with what else is added in this turn of the event loop. */
  add(job: Job): void {
    this.#waiting.push(job);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { sequences } = this.#options;
    while (this.#waiting.length > 0 && this.#inFlight < mostInFlight && !this.#held) {
      if (sequences && !sequences.ready) return void this.#prepare(sequences);
      const batches = inBatches(this.#take());
      this.#number(batches);
      this.#inFlight++;
      this.#send(batches).finally(() => {
        this.#inFlight--;
        if (this.#held && this.#inFlight === 0) this.#mend();
        else this.#flush();
      });
    }
  }

  async #prepare(sequences: Sequences): Promise<void> {
    this.#held = true;
    try {
      await sequences.prepare();
    } catch (error) {
      for (const job of this.#waiting.splice(0)) job.reject(brokerError(error, job.topic));
    }
    this.#held = this.#inFlight > 0;
    this.#flush();
  }

  #take(): Job[] {
    const sizes = new Map<string, number>();
    let total = 0;
    let count = 0;
    for (const { topic, partition, bytes } of this.#waiting) {
      const key = `${partition} ${topic}`;
      const size = sizes.get(key) ?? 0;
      if (count > 0 && (total + bytes > requestBytes || (size > 0 && size + bytes > batchBytes))) {
        break;
      }
      sizes.set(key, size + bytes);
      total += bytes;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** A request has one epoch, which numbering may end. */
  #number(batches: readonly Batch[]): void {
    const { sequences } = this.#options;
    if (!sequences) return;
    let epoch: number;
    do {
      ({ epoch } = sequences);
      for (const batch of batches) {
        batch.stamp = sequences.stamp(batch.topic, batch.partition, countOf(batch));
      }
    } while (epoch !== sequences.epoch);
  }

  async #send(batches: readonly Batch[]): Promise<void> {
    const { cluster, node, acks } = this.#options;
    let connection: Connection;
    try {
      connection = await cluster.connection(node);
    } catch (error) {
      const failure = brokerError(error, "publishing");
      for (const batch of batches) {
        // Another may lead it by now.
        if (batch.stamp) this.#keep(batch);
        else this.#reject(batch, failure);
      }
      return;
    }
    try {
      const answers = await produce(connection, batches, acks);
      batches.forEach((batch, i) => {
        const answer = answers[i];
        if (answer && !this.#ends(batch, answer)) this.#keep(batch);
      });
    } catch (error) {
      const failure = brokerError(error, "publishing");
      for (const batch of batches) {
        if (!batch.stamp) this.#reject(batch, failure);
        else this.#keep(batch, true);
      }
    }
  }

  /** Tells who waits for a batch what came of it, and whether that is its end. */
  #ends(batch: Batch, { code, offset }: Answer): boolean {
    const { jobs, stamp } = batch;
    if (code === 0 || (stamp && code === codes.duplicateSequence)) {
      let last = offset - 1n;
      for (const { records, resolve } of jobs) resolve(last += BigInt(records.length));
      return true;
    }
    const outOfTurn = isOutOfTurn(code) && !batch.uncertain;
    if (outOfTurn) {
      batch.stamp = undefined;
      this.#options.sequences?.startAnew();
    }
    if (stamp && (outOfTurn || isUndecided(code))) return false;
    this.#reject(batch, code);
    return true;
  }

  #reject(batch: Batch, reason: number | Error): void {
    for (const { reject } of batch.jobs) reject(reason);
    if (!batch.stamp) return;
    this.#held = true;
    this.#options.sequences?.startAnew();
  }

  #keep(batch: Batch, uncertain = false): void {
    this.#held = true;
    batch.uncertain ||= uncertain;
    batch.giveUpAt ??= performance.now() + patienceMs;
    this.#again.push(batch);
  }

  /** In their order, one after the other. */
  async #mend(): Promise<void> {
    for (const batch of this.#again.splice(0)) {
      const trouble = await this.#sendAgain(batch);
      // Whoever waits has waited as long as that took, and would again.
      if (trouble) { for (const job of this.#waiting.splice(0)) job.reject(trouble); }
    }
    this.#held = false;
    this.#flush();
  }

  /** @returns why the server could not be reached, if so. */
  async #sendAgain(batch: Batch): Promise<Error | undefined> {
    const { cluster } = this.#options;
    const { closing } = cluster;
    const { giveUpAt = 0 } = batch;
    for (;;) {
      let reason: number | Error;
      try {
        const ms = Math.max(0, giveUpAt - performance.now());
        const answer = await within(this.#try(batch), { ms, signals: [closing] });
        if (this.#ends(batch, answer)) return;
        reason = answer.code;
        cluster.metadata.forget(batch.topic);
      } catch (error) {
        reason = brokerError(error, "publishing");
      }
      if (performance.now() >= giveUpAt || closing.aborted) {
        this.#reject(batch, reason);
        return typeof reason === "number" ? undefined : reason;
      }
      await pause(againMs, closing);
    }
  }

  async #try(batch: Batch): Promise<Answer> {
    const { cluster, acks } = this.#options;
    const { giveUpAt = 0 } = batch;
    const { metadata } = cluster;
    const topic = await metadata.topic(batch.topic);
    if (!topic) return { code: codes.unknownTopic, offset: -1n };
    let connection: Connection;
    try {
      connection = await cluster.connection(topic.leaders[batch.partition] ?? -1);
    } catch (error) {
      metadata.forget(batch.topic);
      throw error;
    }
    if (performance.now() >= giveUpAt) throw new BrokerUnavailableError("too late");
    if (!batch.stamp) this.#number([batch]);
    try {
      const [answer] = await produce(connection, [batch], acks);
      if (answer) return answer;
    } catch (error) {
      batch.uncertain = true;
      throw error;
    }
    throw new BrokerUnavailableError(`${batch.topic}: no answer`);
  }
}

/** Whether a batch may be appended all the same, or could be elsewhere. */
function isUndecided(code: number): boolean {
  return isMoved(code) || code === codes.requestTimedOut ||
    code === codes.notEnoughReplicasAfterAppend;
}
