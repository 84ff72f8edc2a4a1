/**
 * A value in a message's header table. Numbers are safe integers; a driver that reads something
 * richer from its wire (a date, a 64-bit integer, bytes) converts it or leaves it out.
 */
export type HeaderValue =
  | string
  | number
  | boolean
  | readonly HeaderValue[]
  | { readonly [name: string]: HeaderValue };

/** A message's header table. */
export type MessageHeaders = { readonly [name: string]: HeaderValue };

/**
 * A message, the same whatever broker carries it. The properties are AMQP's basic properties
 * under their own names.
 */
export interface Message {
  /** The payload, passed as bytes and never copied for convenience. May be empty. */
  readonly body: Uint8Array;
  /** The header table. */
  readonly headers: MessageHeaders;
  /** The message's own id. */
  readonly messageId?: string;
  /** The id of the request that it belongs to. */
  readonly correlationId?: string;
  /** The queue that an answer is published to. */
  readonly replyTo?: string;
  /** The body's media type. */
  readonly contentType?: string;
  /** What kind of message it is. */
  readonly type?: string;
  /**
   * 0 to 9, 9 the most urgent; without it as with 0. What it does the broker declares
   * ({@link Capabilities.priorities}); it is kept where it does nothing.
   */
  readonly priority?: number;
  /** When the message was made, epoch milliseconds. AMQP keeps whole seconds only. */
  readonly timestamp?: number;
  /**
   * Milliseconds from publishing after which the message is no longer delivered; the broker then
   * moves it to the queue's dead letters with the reason `expired`. A delay does not count.
   */
  readonly expiration?: number;
  /** Whether it survives a restart of the broker (AMQP `delivery_mode` 2). @default true */
  readonly durable?: boolean;
}

/** Header that counts the tries of a message; absent on the first. */
export const ATTEMPT = "attempt";
/** Header of a dead letter: why it is one. */
export const DEAD_REASON = "dead-reason";
/** Header of a dead letter: when it became one, epoch milliseconds. */
export const DEAD_AT = "dead-at";
/** Header of a dead letter: the work queue that it comes from. */
export const DEAD_QUEUE = "dead-queue";
