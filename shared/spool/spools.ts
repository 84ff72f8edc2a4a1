import type { Broker, WorkQueueSpec } from "../broker/broker.ts";
import { BrokerError } from "../broker/errors.ts";
import { offer } from "../broker/offer.ts";
import { publishDeclaring } from "../broker/publish_declaring.ts";
import { logger } from "../log.ts";
import { encodeSpoolNote, type SpoolNote } from "../message/spool_note.ts";
import { deadLetterQueue, requestQueue, spoolService } from "../service_name.ts";
import { readSpool } from "./read_spool.ts";
import type { SpoolStore } from "./spool_store.ts";
import { SpoolWriter } from "./spool_writer.ts";

const log = logger("spools");

/** How long a request's body can be asked for after the request is due, milliseconds: 30 days. */
export const keepRequestBodyMs = 30 * 86_400_000;

/** How often those that are being written are looked at, milliseconds. */
const lookEveryMs = 1_000;
/** When a spool is looked after for the first time, milliseconds: most are gone by then. */
const lookAfterMs = 60_000;
/** For how long a deletion is offered to a broker that does not take it, milliseconds. */
const deleteMs = 10_000;

/** The queue of the notes that lead to every spool. */
export const notesQueue: WorkQueueSpec = {
  kind: "work",
  name: requestQueue(spoolService),
  deadLetterQueue: deadLetterQueue(spoolService),
};

/** What {@link Spools} tells of. */
export interface SpoolsEvents {
  /** A spool was begun. */
  readonly onBegun: () => void;
  /** A spool was deleted, or was not there. */
  readonly onDeleted: () => void;
  /** So many bytes were written. */
  readonly onWritten: (bytes: number) => void;
  /** So many bytes were read. */
  readonly onRead: (bytes: number) => void;
}

/**
 * The spools that this process writes, reads and deletes. Of each it leaves a note in a queue before it
 * makes it, so that whatever dies, somebody comes to look after it.
 */
export class Spools implements AsyncDisposable {
  readonly store: SpoolStore;
  readonly #broker: Broker;
  readonly #events: SpoolsEvents;
  readonly #stop = new AbortController();
  readonly #writers = new Set<SpoolWriter>();
  readonly #deletions = new Set<Promise<void>>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(broker: Broker, events: SpoolsEvents) {
    this.#broker = broker;
    this.#events = events;
    this.store = broker.spools();
  }

  /** Aborts when nothing more is to be written. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * Makes a spool.
   * @throws {BrokerError} it could not be made.
   */
  async begin(note: SpoolNote): Promise<SpoolWriter> {
    const { signal } = this.#stop;
    await publishDeclaring(this.#broker, notesQueue, [encodeSpoolNote(note)], {
      delayMs: lookAfterMs,
      signal,
    });
    await this.store.create(note.spool);
    this.#events.onBegun();
    const writer = new SpoolWriter(this.store, note.spool, {
      written: this.#events.onWritten,
      closed: () => this.#closed(writer),
    }, signal);
    this.#writers.add(writer);
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs);
    return writer;
  }

  /** As {@link readSpool}; ends as an error after {@link stop}. */
  async *read(id: string, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const stopping = this.#stop.signal;
    const either = AbortSignal.any([signal, stopping]);
    for await (const bytes of readSpool(this.store, id, { from, signal: either })) {
      this.#events.onRead(bytes.byteLength);
      yield bytes;
    }
    if (stopping.aborted && !signal.aborted) throw new BrokerError("the process is shutting down");
  }

  /** Deletes a spool, sooner or later; {@link close} waits for it. */
  delete(id: string): void {
    const limits = { until: Date.now() + deleteMs, signal: this.#stop.signal };
    const deletion = offer(() => this.store.delete(id), limits).then(
      () => this.#events.onDeleted(),
      (error) => {
        // Its note is still there.
        const why = error instanceof BrokerError ? error.message : error;
        log.warn("the spool {spool} is left to be deleted later: {error}", {
          spool: id,
          error: why,
        });
      },
    ).finally(() => this.#deletions.delete(deletion));
    this.#deletions.add(deletion);
  }

  /** Gives up a spool that is being written: whoever reads it gets an error. */
  async discard(writer: SpoolWriter): Promise<void> {
    await writer.abandon();
    this.delete(writer.id);
  }

  /** Writes and reads no more, and gives up what the broker has not taken. */
  stop(): void {
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    clearInterval(this.#timer);
    await Promise.all([...this.#writers].map((writer) => this.discard(writer)));
    await Promise.all(this.#deletions);
  }

  #closed(writer: SpoolWriter): void {
    this.#writers.delete(writer);
    if (this.#writers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    for (const writer of this.#writers) writer.look();
  }
}
