import type { HeaderValue, Message } from "../broker/broker.ts";
import type { RequestState } from "../results/result_store.ts";
import {
  decodeHeaders,
  EnvelopeError,
  expectType,
  protocolVersion,
  type QueuedResponse,
  shortString,
  spoolOf,
} from "./envelope.ts";

const callbackType = "proxymq.callback";
const states = ["succeeded", "failed", "dead", "cancelled"] as const;

/** What a callback tells of: how a request ended. */
export type CallbackState = Extract<RequestState, (typeof states)[number]>;

/** A callback that is to be delivered. */
export interface Callback {
  /** The request's. */
  readonly id: string;
  /** Where it goes to. */
  readonly url: string;
  /** The request's. */
  readonly service: string;
  readonly state: CallbackState;
  /** When that was decided, epoch milliseconds. */
  readonly at: number;
  /** How often the request was replayed from the dead letters before. */
  readonly run: number;
  /** What the request came to; a cancelled one has none. */
  readonly response?: QueuedResponse;
}

const nothing = new Uint8Array(0);

/** A callback as a message for the reserved service's queue. */
export function encodeCallback(callback: Callback): Message {
  const { id, url, service, state, at, run, response } = callback;
  const contentType = response?.headers["content-type"];
  return {
    type: callbackType,
    messageId: id,
    correlationId: id,
    ...(typeof contentType === "string" ? { contentType: shortString(contentType) } : {}),
    timestamp: at,
    headers: {
      "proxymq-version": protocolVersion,
      url,
      service,
      state,
      at,
      ...(run === 0 ? {} : { run }),
      ...(response ? { status: response.status, headers: response.headers } : {}),
      ...response?.spooled,
    },
    body: response?.body ?? nothing,
  };
}

/**
 * A message as the callback that it is.
 * @throws {EnvelopeError} it is no callback of this protocol.
 */
export function decodeCallback(message: Message): Callback {
  expectType(message, callbackType);
  const { correlationId: id, headers, contentType } = message;
  if (!id) throw new EnvelopeError("the correlation_id, which says the request, is missing");
  const state = states.find((known) => known === headers["state"]);
  if (!state) throw new EnvelopeError(`the header "state" is not one of ${states.join(", ")}`);
  const { status } = headers;
  if (status !== undefined && !(typeof status === "number" && status >= 200 && status <= 599)) {
    throw new EnvelopeError('the header "status" is not a final HTTP status from 200 to 599');
  }
  const spooled = spoolOf(message);
  return {
    id,
    url: textIn(headers, "url"),
    service: textIn(headers, "service"),
    state,
    at: numberIn(headers, "at", message.timestamp),
    run: numberIn(headers, "run", 0),
    ...(status === undefined ? {} : {
      response: {
        status,
        headers: decodeHeaders(headers["headers"], contentType),
        body: message.body,
        ...(spooled ? { spooled } : {}),
      },
    }),
  };
}

function textIn(headers: Message["headers"], name: string): string {
  const value: HeaderValue | undefined = headers[name];
  if (typeof value === "string") return value;
  throw new EnvelopeError(`the header "${name}" is not a text`);
}

function numberIn(headers: Message["headers"], name: string, absent: number | undefined): number {
  const value: HeaderValue | undefined = headers[name] ?? absent;
  if (typeof value === "number" && value >= 0 && value <= lastTime) return value;
  throw new EnvelopeError(`the header "${name}" is not a number from 0`);
}

/** The farthest time that has a date, milliseconds from the epoch. */
const lastTime = 8.64e15;
