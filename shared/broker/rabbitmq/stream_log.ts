import { bulkhead, isBulkheadRejectedError } from "cockatiel";
import { logger } from "../../log.ts";
import type { LogEntry, ResultLog } from "../../results/log/result_log.ts";
import { backoffMs, pause, within, withTimeout } from "../../waiting.ts";
import type { Message } from "../broker.ts";
import { BrokerUnavailableError, QueueNotFoundError } from "../errors.ts";
import type { Client } from "./client.ts";
import type { Connection } from "./connection.ts";
import { mismatch } from "./mismatch.ts";
import type { Publisher } from "./publisher.ts";
import { replyCodeOf, replyCodes, textOf } from "./refusal.ts";
import { type StreamPosition, StreamReader } from "./stream_reader.ts";
import { onChannel } from "./throwaway.ts";

const log = logger("results");

/** How many messages of a tail may be unread. */
const tailAhead = 1_000;
/** Reads of single messages at once, each on a channel of its own; and how many more may wait. */
const readsAtOnce = 16;
const mostReads = 2_000;
const readTimeoutMs = 5_000;
/**
 * What is too old leaves the server's disk a segment at a time, so a segment is smaller than the
 * server's own 500 MB.
 */
const segmentBytes = 32 * 2 ** 20;

/** How long a stream is waited for that is starting, milliseconds, and how often it is tried again. */
const startTimeoutMs = 2_000;
const mostTries = 4;

/** How a stream is kept. */
export interface StreamLogOptions {
  readonly name: string;
  readonly connection: Connection;
  readonly publisher: Publisher;
  /** For how long it keeps a message, milliseconds; without it the stream is not declared here. */
  readonly maxAgeMs?: number;
  /** How much it keeps at most, bytes. */
  readonly maxBytes?: number;
}

/** The declaration of a stream on a connection. */
interface Declaring {
  readonly client: Client;
  /** True when it has ended well. */
  done: Promise<void> | true;
}

/** A stream of RabbitMQ as a log. */
export class StreamLog implements ResultLog {
  readonly #options: StreamLogOptions;
  readonly #reads = bulkhead(readsAtOnce, mostReads);
  #declaring: Declaring | undefined;
  #attached = false;
  #warned = "";

  constructor(options: StreamLogOptions) {
    this.#options = options;
  }

  get attached(): boolean {
    return this.#attached && this.#options.connection.client !== undefined;
  }

  async append(message: Message, confirm: boolean): Promise<void> {
    for (let failures = 0;; failures++) {
      const { client } = this.#options.connection;
      // What is not declared in time is told by the publish. Before, it must not be tried: isStarting.
      if (client && !this.#standsOn(client)) {
        await within(this.#declared(client), { ms: startTimeoutMs }).catch(() => {});
      }
      try {
        return await this.#append(message, confirm);
      } catch (error) {
        if (!isStarting(error) || failures === mostTries) throw error;
        await withTimeout(startTimeoutMs, async (signal) => {
          await pause(backoffMs(failures), signal);
          await this.#options.publisher.connection.ready(signal);
        }).catch(() => Promise.reject(error));
      }
    }
  }

  async #append(message: Message, confirm: boolean): Promise<void> {
    const { name, publisher, connection, maxAgeMs } = this.#options;
    const publish = () => publisher.publish({ queue: name }, [message], { confirm });
    try {
      await publish();
    } catch (error) {
      if (!(error instanceof QueueNotFoundError)) throw error;
      const { client } = connection;
      if (maxAgeMs === undefined || !client) {
        throw new BrokerUnavailableError(`the stream "${name}" is not there; an enqueuer makes it`);
      }
      this.#declaring = undefined;
      await this.#declared(client);
      await publish();
    }
  }

  async *tail(
    since: number | "now",
    signal: AbortSignal,
    onAttached: () => void = () => {},
  ): AsyncIterable<LogEntry> {
    let from: StreamPosition = since === "now" ? "next" : since <= 0 ? 0 : new Date(since);
    for (let failures = 0; !signal.aborted; failures++) {
      const client = await this.#options.connection.ready(signal).catch(() => undefined);
      if (!client) return;
      try {
        for await (const entry of this.#attach(client, from, { signal, onAttached })) {
          if (typeof from === "number" && entry.offset < from) continue;
          from = entry.offset + 1;
          failures = 0;
          yield entry;
        }
      } catch (error) {
        if (!client.closed) this.#warn(textOf(error));
      }
      this.#attached = false;
      // It may have been deleted.
      this.#declaring = undefined;
      await pause(backoffMs(failures), signal);
    }
  }

  async read(offset: number, signal: AbortSignal): Promise<Message | undefined> {
    try {
      return await this.#reads.execute(() => this.#read(offset, signal));
    } catch (error) {
      if (!isBulkheadRejectedError(error)) throw error;
      throw new BrokerUnavailableError("too many responses are being read just now");
    }
  }

  async #read(offset: number, signal: AbortSignal): Promise<Message | undefined> {
    const { connection, name } = this.#options;
    const { client } = connection;
    if (!client) throw new BrokerUnavailableError(`not connected: ${connection.trouble}`);
    try {
      await using reader = await StreamReader.open(client, name, offset, 1);
      const timeout = AbortSignal.timeout(readTimeoutMs);
      const entry = await reader.next(AbortSignal.any([signal, timeout]));
      if (!entry) throw new BrokerUnavailableError("the stream did not answer in time");
      return entry.offset === offset ? entry.message : undefined;
    } catch (error) {
      if (error instanceof BrokerUnavailableError) throw error;
      if (replyCodeOf(error) === replyCodes.notFound) return undefined;
      throw new BrokerUnavailableError(`the stream "${name}" cannot be read: ${textOf(error)}`);
    }
  }

  async *#attach(
    client: Client,
    from: StreamPosition,
    { signal, onAttached }: { readonly signal: AbortSignal; readonly onAttached: () => void },
  ): AsyncIterable<LogEntry> {
    await this.#declared(client);
    await using reader = await StreamReader.open(client, this.#options.name, from, tailAhead);
    this.#attached = true;
    onAttached();
    for (;;) {
      const entry = await reader.next(signal);
      if (!entry) return;
      yield entry;
    }
  }

  /** Whether it needs no declaring on a connection. */
  #standsOn(client: Client): boolean {
    if (this.#options.maxAgeMs === undefined) return true;
    return this.#declaring?.client === client && this.#declaring.done === true;
  }

  /** Declares it once for each connection, if it is declared here at all. */
  async #declared(client: Client): Promise<void> {
    if (this.#standsOn(client)) return;
    if (this.#declaring?.client !== client) {
      const declaring: Declaring = { client, done: this.#declare(client) };
      this.#declaring = declaring;
      try {
        await declaring.done;
        declaring.done = true;
      } catch (error) {
        if (this.#declaring === declaring) this.#declaring = undefined;
        throw error;
      }
    } else await this.#declaring.done;
  }

  async #declare(client: Client): Promise<void> {
    const { name, maxAgeMs = 0, maxBytes } = this.#options;
    try {
      await onChannel(client, (channel) =>
        channel.queueDeclare(name, { durable: true }, {
          "x-queue-type": "stream",
          "x-max-age": `${Math.ceil(maxAgeMs / 1_000)}s`,
          "x-stream-max-segment-size-bytes": Math.min(segmentBytes, (maxBytes ?? Infinity) / 4),
          ...(maxBytes === undefined ? {} : { "x-max-length-bytes": BigInt(maxBytes) }),
        }));
    } catch (error) {
      const code = client.closed ? 0 : replyCodeOf(error);
      const exists = code === replyCodes.preconditionFailed && /'x-max-/.test(textOf(error));
      if (!exists) throw mismatch(error, code, name) ?? error;
      // It does its work all the same, only for another time.
      this.#warn(textOf(mismatch(error, code, name)));
    }
  }

  #warn(trouble: string): void {
    if (trouble === this.#warned) return;
    this.#warned = trouble;
    log.warn("the stream {stream}: {trouble}", { stream: this.#options.name, trouble });
  }
}

/**
 * Between the declaration of a stream and its start, some milliseconds later, RabbitMQ closes the
 * connection of who publishes to it.
 */
function isStarting(error: unknown): boolean {
  return error instanceof BrokerUnavailableError && /Stream not found/.test(error.message);
}
