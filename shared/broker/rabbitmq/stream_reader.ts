import type { AMQPChannel, AMQPMessage } from "@cloudamqp/amqp-client";
import type { LogEntry } from "../../results/log/result_log.ts";
import { within } from "../../waiting.ts";
import { CancelWatch } from "./cancel_watch.ts";
import type { Client } from "./client.ts";
import { readMessage } from "./properties.ts";

const answerTimeoutMs = 10_000;
/** The consumer's tag: each has a channel of its own. */
const tag = "proxymq stream";
/** Acknowledging only makes room for more: once for so many. */
const acknowledgedAtOnce = 200;

/**
 * Where reading starts: at an offset, at a time, some way before the end, or with what is appended from
 * now on.
 */
export type StreamPosition = number | Date | "last" | "next";

/** A message that came, and its number on the channel. */
interface Unread extends LogEntry {
  readonly deliveryTag: number;
}

/**
 * Reads a stream on a channel of its own, until the reader leaves, the signal aborts, or the channel
 * is lost. A stream's messages are not consumed: others read them too.
 *
 * @example
 * ```ts
 * await using reader = await StreamReader.open(client, "proxymq_results", 0, 1_000);
 * for (let entry; entry = await reader.next(signal);) take(entry);
 * ```
 */
export class StreamReader implements AsyncDisposable {
  readonly #channel: AMQPChannel;
  readonly #entries: Unread[] = [];
  readonly #acknowledgedAtOnce: number;
  #lost = false;
  #unacknowledged = 0;
  #wake: (() => void) | undefined;

  private constructor(channel: AMQPChannel, ahead: number) {
    this.#channel = channel;
    this.#acknowledgedAtOnce = Math.max(1, Math.min(acknowledgedAtOnce, ahead >> 1));
  }

  /**
   * Starts to read.
   * @param ahead how many messages may be on their way or unread.
   * @throws the library's error, when there is no such stream or the server refuses.
   */
  static async open(
    client: Client,
    stream: string,
    from: StreamPosition,
    ahead: number,
  ): Promise<StreamReader> {
    const limits = { ms: answerTimeoutMs };
    const channel = await within(client.channel(), limits);
    const reader = new StreamReader(channel, ahead);
    channel.onerror = () => reader.#lose();
    channel.deliver = (message) => reader.#deliver(message, stream);
    const watch = new CancelWatch(channel, tag, () => reader.#lose());
    channel.consumers.set(tag, watch);
    try {
      const args = { "x-stream-offset": typeof from === "number" ? BigInt(from) : from };
      const limited = channel.basicQos(ahead);
      const consuming = channel.basicConsume(stream, { tag, noAck: false, args }, () => {});
      await within(Promise.all([limited, consuming]), limits);
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
    channel.consumers.set(tag, watch);
    return reader;
  }

  /** The next message; undefined when the signal aborts or the channel is lost. */
  async next(signal: AbortSignal): Promise<LogEntry | undefined> {
    while (!signal.aborted) {
      const entry = this.#entries.shift();
      if (entry) this.#taken(entry);
      if (entry || this.#lost) return entry;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      signal.addEventListener("abort", resolve as () => void, { once: true });
      await promise;
      signal.removeEventListener("abort", resolve as () => void);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lose();
    if (this.#channel.closed) return;
    // A channel that is just closed leaves its consumer in the server's books for minutes.
    const cancelled = this.#channel.basicCancel(tag);
    await within(cancelled, { ms: answerTimeoutMs }).catch(() => {});
    // Not waited for: where the connection is closed meanwhile, the library never tells.
    if (!this.#channel.closed) this.#channel.close().catch(() => {});
  }

  #deliver(received: AMQPMessage, stream: string): void {
    const { deliveryTag } = received;
    const offset = Number(received.properties.headers?.["x-stream-offset"]);
    this.#entries.push({ message: readMessage(received, stream).message, offset, deliveryTag });
    this.#wake?.();
  }

  /** What is not taken is not acknowledged, so that no more than `ahead` are ever kept here. */
  #taken({ deliveryTag }: Unread): void {
    if (++this.#unacknowledged < this.#acknowledgedAtOnce || this.#lost) return;
    this.#unacknowledged = 0;
    this.#channel.basicAck(deliveryTag, true).catch(() => {});
  }

  #lose(): void {
    this.#lost = true;
    this.#wake?.();
  }
}
