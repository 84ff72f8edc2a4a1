import type { Message } from "../../broker/broker.ts";

/** A message in its place in a log. */
export interface LogEntry {
  readonly message: Message;
  /** Rises from entry to entry, though maybe not by one. */
  readonly offset: number;
}

/**
 * An append-only log of a broker, which keeps each message for a time: a stream of RabbitMQ, a
 * topic of Kafka. Everybody reads the same messages in the same order. It makes itself when it is
 * first read, and again after it was deleted.
 */
export interface ResultLog {
  /** Whether a {@link tail} is being read just now, and nothing stands in its way. */
  readonly attached: boolean;
  /**
   * Appends a message.
   * @param confirm whether to wait until it is durable; without, it may be lost with the connection.
   * @throws {BrokerUnavailableError} the log cannot be reached, or is not there yet.
   * @throws {MessageTooLargeError} it is over the broker's limits.
   */
  append(message: Message, confirm: boolean): Promise<void>;
  /**
   * The messages that were appended since a time (epoch milliseconds), maybe some more before it,
   * and then those that come. It goes on through outages, with no message left out or repeated once
   * there was a first, and ends when the signal aborts.
   * @param since `now` for those alone that are appended after `onAttached` was called.
   */
  tail(
    since: number | "now",
    signal: AbortSignal,
    onAttached?: () => void,
  ): AsyncIterable<LogEntry>;
  /**
   * The message at an offset, if the log still has it.
   * @throws {BrokerUnavailableError} the log does not answer within ten seconds, or is too busy.
   */
  read(offset: number, signal: AbortSignal): Promise<Message | undefined>;
}
