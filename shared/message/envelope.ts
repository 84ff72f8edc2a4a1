/**
 * The one place that turns an HTTP request or response into a message and back: the wire protocol
 * of docs/protocol.md.
 *
 * @module
 */
import type { HeaderValue, Message } from "../broker/broker.ts";
import { type HeaderTable, isHeader } from "../http/headers.ts";

/** The version of the wire protocol that is spoken, and the only one that is understood. */
export const protocolVersion = 1;
/**
 * The version of a request whose body is in a spool: who does not know of spools must not take it for
 * one without a body.
 */
const spoolingVersion = 2;

/** Header of a request whose response may be in a spool. */
const TAKES_SPOOL = "takes-spool";

const requestType = "proxymq.request";
/** The type of a response, whole or in frames. */
export const responseType = "proxymq.response";

/** Where a body is that is not in its message. */
export interface SpooledBody {
  /** The spool's id. */
  readonly spool: string;
  /** Bytes. */
  readonly size: number;
}

/** An HTTP request on its way to a microservice. */
export interface QueuedRequest {
  /** The request's id; a foreign requester may have sent none. */
  readonly id: string | undefined;
  readonly method: string;
  /** Path and query, as the caller wrote them. Starts with `/`. */
  readonly path: string;
  readonly headers: HeaderTable;
  /** Empty where the body is `spooled`. */
  readonly body: Uint8Array;
  readonly spooled?: SpooledBody;
  /** Epoch milliseconds after which nobody waits for the response. */
  readonly deadline?: number;
  readonly replyTo?: string;
  /**
   * How many bytes of a streamed response the requester takes before it gives more credit; without
   * it the response has to come in one message.
   */
  readonly window?: number;
  /** Whether the response may be in a spool. */
  readonly takesSpool?: boolean;
  /** 0 to 9, 9 the most urgent. */
  readonly priority?: number;
  /** Whether its changes and its response are recorded in the result store. */
  readonly tracked?: boolean;
  /** Of an event: what it was published to. It has no requester, and every service its own copy. */
  readonly topic?: string;
  /** Where the caller wants to be told how the request ended. */
  readonly callback?: string;
  /** W3C trace context of the caller. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** An HTTP response on its way back. */
export interface QueuedResponse {
  /** The status, from 200 to 599. */
  readonly status: number;
  /** The headers by their lower-case names. */
  readonly headers: HeaderTable;
  /** The body as it came; empty where it is `spooled`. */
  readonly body: Uint8Array;
  /** Where the body is, or will be; without a size while it is still being written. */
  readonly spooled?: Pick<SpooledBody, "spool"> & Partial<SpooledBody>;
}

/** A message that does not speak the wire protocol; `message` says where it departs from it. */
export class EnvelopeError extends Error {
  override name = "EnvelopeError";
}

/**
 * A request as a message. It expires in the broker at its deadline; one with a callback does not,
 * since the broker would make no callback: there a dequeuer looks at the deadline.
 */
export function encodeRequest(request: QueuedRequest, now: number): Message {
  const { id, deadline, replyTo, window, priority, topic, callback } = request;
  const { spooled, traceparent, tracestate } = request;
  const expires = deadline !== undefined && callback === undefined;
  const contentType = request.headers["content-type"];
  return {
    type: requestType,
    ...(id === undefined ? {} : { messageId: id, correlationId: id }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(priority === undefined ? {} : { priority }),
    ...(typeof contentType === "string" ? { contentType: shortString(contentType) } : {}),
    timestamp: now,
    ...(expires ? { expiration: Math.max(0, deadline - now) } : {}),
    headers: {
      "proxymq-version": spooled ? spoolingVersion : protocolVersion,
      method: request.method,
      path: request.path,
      headers: request.headers,
      ...spooled,
      ...(deadline === undefined ? {} : { deadline }),
      ...(window === undefined ? {} : { window }),
      ...(request.takesSpool ? { [TAKES_SPOOL]: true } : {}),
      ...(request.tracked ? { tracked: true } : {}),
      ...(topic === undefined ? {} : { topic }),
      ...(callback === undefined ? {} : { callback }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
    },
    body: request.body,
  };
}

/**
 * A message as the request it carries.
 * @throws {EnvelopeError} it is no request of this protocol.
 */
export function decodeRequest(message: Message): QueuedRequest {
  const spooled = spooledBody(message);
  expectType(message, requestType, spooled ? spoolingVersion : protocolVersion);
  const { method, path, deadline, window, topic, callback } = message.headers;
  const { traceparent, tracestate } = message.headers;
  if (typeof method !== "string" || !methodPattern.test(method) || method === "CONNECT") {
    throw new EnvelopeError('the header "method" is not an HTTP method');
  }
  if (typeof path !== "string" || !pathPattern.test(path)) {
    throw new EnvelopeError(
      'the header "path" does not start with / or holds a character that a URL cannot',
    );
  }
  if (deadline !== undefined && typeof deadline !== "number") {
    throw new EnvelopeError('the header "deadline" is not a number of milliseconds');
  }
  if (window !== undefined && !(typeof window === "number" && window > 0)) {
    throw new EnvelopeError('the header "window" is not a number of bytes from 1');
  }
  if (topic !== undefined && typeof topic !== "string") {
    throw new EnvelopeError('the header "topic" is no text');
  }
  if (callback !== undefined && typeof callback !== "string") {
    throw new EnvelopeError('the header "callback" is not a URL');
  }
  const id = message.correlationId ?? message.messageId;
  return {
    id,
    method,
    path,
    headers: decodeHeaders(message.headers["headers"], message.contentType),
    body: message.body,
    ...(spooled ? { spooled } : {}),
    ...(deadline === undefined ? {} : { deadline }),
    ...(message.replyTo === undefined ? {} : { replyTo: message.replyTo }),
    ...(window === undefined ? {} : { window }),
    ...(message.headers[TAKES_SPOOL] === true ? { takesSpool: true } : {}),
    ...(message.priority === undefined ? {} : { priority: message.priority }),
    ...(message.headers["tracked"] === true ? { tracked: true } : {}),
    ...(topic === undefined ? {} : { topic }),
    ...(callback === undefined ? {} : { callback }),
    ...(typeof traceparent === "string" ? { traceparent } : {}),
    ...(typeof tracestate === "string" ? { tracestate } : {}),
  };
}

/**
 * A response as a message for the requester with this id.
 * @param durable whether it survives a restart of the broker.
 */
export function encodeResponse(
  response: QueuedResponse,
  id: string | undefined,
  durable: boolean,
): Message {
  const contentType = response.headers["content-type"];
  return {
    type: responseType,
    ...(id === undefined ? {} : { correlationId: id }),
    ...(typeof contentType === "string" ? { contentType: shortString(contentType) } : {}),
    durable,
    headers: {
      "proxymq-version": protocolVersion,
      status: response.status,
      headers: response.headers,
      ...response.spooled,
    },
    body: response.body,
  };
}

/**
 * A message as the response it carries.
 * @throws {EnvelopeError} it is no response of this protocol.
 */
export function decodeResponse(message: Message): QueuedResponse {
  expectType(message, responseType);
  const { status } = message.headers;
  if (typeof status !== "number" || !(status >= 200 && status <= 599)) {
    throw new EnvelopeError('the header "status" is not a final HTTP status from 200 to 599');
  }
  const spooled = spoolOf(message);
  return {
    status,
    headers: decodeHeaders(message.headers["headers"], message.contentType),
    body: message.body,
    ...(spooled ? { spooled } : {}),
  };
}

/**
 * Where the body of a request is that is not in its message.
 * @throws {EnvelopeError} it does not say so well.
 */
export function spooledBody(message: Message): SpooledBody | undefined {
  const spooled = spoolOf(message);
  if (!spooled) return undefined;
  const { spool, size } = spooled;
  if (size === undefined) throw new EnvelopeError('the header "size" is missing');
  return { spool, size };
}

/** @throws {EnvelopeError} the spool or its size is none. */
export function spoolOf({ headers: { spool, size } }: Message): QueuedResponse["spooled"] {
  if (spool === undefined) return undefined;
  if (typeof spool !== "string" || !spoolPattern.test(spool)) {
    throw new EnvelopeError('the header "spool" is not the id of a spool');
  }
  if (size !== undefined && !(typeof size === "number" && size >= 0)) {
    throw new EnvelopeError('the header "size" is not a number of bytes from 0');
  }
  return { spool, ...(size === undefined ? {} : { size }) };
}

const spoolPattern = /^[A-Za-z0-9._-]{1,100}$/;
const methodPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const pathPattern = /^\/[\x21-\x7e\x80-\xff]*$/;

/** @throws {EnvelopeError} the message is of another type, or of another version of the protocol. */
export function expectType(message: Message, type: string, expected = protocolVersion): void {
  const version = message.headers["proxymq-version"] ?? protocolVersion;
  if (Number(version) !== expected) {
    throw new EnvelopeError(
      `the header "proxymq-version" is ${JSON.stringify(version)}, not ${expected}`,
    );
  }
  if (message.type !== undefined && message.type !== type) {
    throw new EnvelopeError(`the type is "${message.type}", not "${type}"`);
  }
}

/**
 * HTTP headers as they stand in a message.
 * @param contentType the message's, which stands in for the header where the table lacks it.
 * @throws {EnvelopeError} it is no table of headers that HTTP allows.
 */
export function decodeHeaders(
  value: HeaderValue | undefined,
  contentType?: string,
): HeaderTable {
  const table: HeaderTable = {};
  if (value !== undefined) {
    if (typeof value !== "object" || Array.isArray(value)) {
      throw new EnvelopeError('the header "headers" is not a table');
    }
    for (const [key, item] of Object.entries(value)) {
      const name = key.toLowerCase();
      const values = (Array.isArray(item) ? item : [item]).map((one) => headerText(name, one));
      table[name] = values.length === 1 ? values[0] ?? "" : values;
    }
  }
  if (contentType !== undefined && table["content-type"] === undefined) {
    table["content-type"] = contentType;
  }
  return table;
}

function headerText(name: string, value: HeaderValue): string {
  const text = typeof value === "object" ? undefined : String(value);
  if (text === undefined || !isHeader(name, text)) {
    throw new EnvelopeError(
      `the HTTP header "${name}" has a name or a value that HTTP does not allow`,
    );
  }
  return text;
}

/**
 * A value as an AMQP property: those short strings end at 255 bytes. The whole value stands in the
 * header table anyway.
 */
export function shortString(text: string): string {
  return text.length <= 127 ? text : text.slice(0, 127);
}
