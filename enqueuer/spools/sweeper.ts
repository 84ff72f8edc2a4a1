import type { Broker, Delivery } from "../../shared/broker/broker.ts";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { logger } from "../../shared/log.ts";
import { EnvelopeError } from "../../shared/message/envelope.ts";
import { silenceMs } from "../../shared/message/frame.ts";
import { decodeSpoolNote } from "../../shared/message/spool_note.ts";
import { finalStates, type ResultStore } from "../../shared/results/result_store.ts";
import { notesQueue, type Spools } from "../../shared/spool/spools.ts";
import { pause } from "../../shared/waiting.ts";
import { keepConsuming } from "../keep_consuming.ts";
import { type Sweep, sweepOf } from "./sweep_rule.ts";

const log = logger("spools");

/** How many spools are looked at at once. */
const concurrency = 8;
/** How long nothing is consumed after consuming has failed, and when a look has, milliseconds. */
const pauseMs = 5_000;
const tryAgainMs = 60_000;
/** How often is looked whether somebody has made the queue of the notes, milliseconds. */
const missingMs = 10 * 60_000;

/** What {@link SpoolSweeper} needs. */
export interface SpoolSweeperDeps {
  readonly broker: Broker;
  readonly results: Pick<ResultStore, "get" | "response">;
  /** For how long a response is given, milliseconds. */
  readonly ttlMs: number;
  readonly spools: Spools;
}

/**
 * Looks after the spools that nobody deletes any more, by the notes of them. Their queue is made by who
 * makes the first spool: where there is none, nothing is consumed.
 */
export class SpoolSweeper implements AsyncDisposable {
  readonly #deps: SpoolSweeperDeps;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #pausing: AbortController | undefined;

  constructor(deps: SpoolSweeperDeps) {
    this.#deps = deps;
  }

  /** Starts to consume. */
  start(): void {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    this.#running = keepConsuming(this.#deps.broker, notesQueue.name, {
      concurrency,
      signal,
      process: (delivery) => this.#process(delivery),
      failed: (error) => this.#failed(error),
    });
  }

  /** There may be a first note by now. */
  wake(): void {
    this.#pausing?.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #failed(error: unknown): Promise<void> {
    const missing = error instanceof QueueNotFoundError;
    if (!missing) {
      log.error("nobody looks after spools for {pauseMs} ms: {error}", { pauseMs, error });
    }
    this.#pausing = new AbortController();
    const either = AbortSignal.any([this.#stop.signal, this.#pausing.signal]);
    await pause(missing ? missingMs : pauseMs, either);
    this.#pausing = undefined;
  }

  async #process(delivery: Delivery): Promise<void> {
    const { broker } = this.#deps;
    try {
      const sweep = await this.#sweep(delivery);
      await broker.settle([
        sweep.kind === "again"
          ? { kind: "retry", delivery, delayMs: sweep.afterMs }
          : { kind: "ack", delivery },
      ]);
    } catch (error) {
      if (error instanceof EnvelopeError) {
        const reason = `invalid: ${error.message}`;
        return await broker.settle([{ kind: "dead", delivery, reason }]).catch(() => {});
      }
      log.warn("a spool is looked at later: {error}", { error });
      const later = { kind: "retry", delivery, delayMs: tryAgainMs, countsAttempt: false } as const;
      await broker.settle([later]).catch(() => {});
    }
  }

  async #sweep({ message, attempt }: Delivery): Promise<Sweep> {
    const { results, ttlMs, spools } = this.#deps;
    const note = decodeSpoolNote(message);
    const state = await spools.store.look(note.spool, silenceMs);
    const ended = state === "ended";
    const record = ended ? await results.get(note.request) : undefined;
    const final = record !== undefined && finalStates.has(record.state);
    const given = ended && note.body === "response" &&
      (await results.response(note.request))?.spooled?.spool === note.spool;
    const sweep = sweepOf({
      note,
      state,
      request: record?.state,
      given,
      expiresAt: final ? record.updatedAt + ttlMs : undefined,
      looks: attempt,
      now: Date.now(),
    });
    if (sweep.kind === "delete") {
      const { spool, request: requestId } = note;
      log.info("the spool {spool} of request {requestId} is deleted: {why}", {
        spool,
        requestId,
        why: sweep.why,
      });
      await spools.store.delete(spool);
    }
    return sweep;
  }
}
