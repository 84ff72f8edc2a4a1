/**
 * The entries of a log of results as messages: the wire protocol's "What is kept of a request" in
 * docs/protocol.md.
 *
 * @module
 */
import type { HeaderValue, Message, MessageHeaders } from "../../broker/broker.ts";
import {
  decodeHeaders,
  EnvelopeError,
  expectType,
  protocolVersion,
} from "../../message/envelope.ts";
import type { QueuedResponse } from "../../message/envelope.ts";
import { finalStates, type IdempotencyClaim, type RequestState } from "../result_store.ts";

const statusType = "proxymq.status";
const kinds = ["enter", "confirm", "withdraw", "change", "cancel", "refresh", "mark"] as const;
const states: readonly RequestState[] = ["queued", "processing", ...finalStates];

/**
 * - `enter`: a request is about to be published.
 * - `confirm`: it stands in its queue. `withdraw`: it does not.
 * - `change`: a dequeuer tells what became of it.
 * - `cancel`: somebody wants it cancelled; without effect if it has ended before.
 * - `refresh`: what is known of a request that is still open, said again before it is too old.
 * - `mark`: means nothing; whoever wrote it sees by it how far it has read.
 */
export type EntryKind = (typeof kinds)[number];

/** An entry of the log. */
export interface Entry {
  readonly kind: EntryKind;
  /** The request's, or the mark's own. */
  readonly id: string;
  /** When it was made, by its writer's clock; epoch milliseconds. */
  readonly at: number;
  readonly service?: string;
  readonly state?: RequestState;
  readonly run?: number;
  readonly attempt?: number;
  readonly nextAttemptAt?: number;
  readonly reason?: string;
  readonly dueAt?: number;
  readonly deadline?: number;
  readonly claim?: IdempotencyClaim;
  readonly confirmed?: boolean;
  /** Of a refresh: when it was entered, and when the last change was. */
  readonly createdAt?: number;
  readonly updatedAt?: number;
  readonly response?: QueuedResponse;
}

const nothing = new Uint8Array(0);

/** An entry as a message. */
export function encodeEntry(entry: Entry): Message {
  const { kind, id, at, claim, response } = entry;
  const headers: Record<string, HeaderValue> = { "proxymq-version": protocolVersion, kind, at };
  const optional = {
    service: entry.service,
    state: entry.state,
    run: entry.run,
    attempt: entry.attempt,
    "next-attempt-at": entry.nextAttemptAt,
    reason: entry.reason?.slice(0, 1_000),
    "due-at": entry.dueAt,
    deadline: entry.deadline,
    key: claim?.key,
    fingerprint: claim?.fingerprint,
    confirmed: entry.confirmed,
    "created-at": entry.createdAt,
    "updated-at": entry.updatedAt,
    status: response?.status,
    // As text: a stream of RabbitMQ 3 loses tables.
    headers: response && JSON.stringify(response.headers),
    spool: response?.spooled?.spool,
    size: response?.spooled?.size,
  };
  for (const [name, value] of Object.entries(optional)) {
    if (value !== undefined) headers[name] = value;
  }
  return { type: statusType, correlationId: id, headers, body: response?.body ?? nothing };
}

/**
 * A message as the entry that it is.
 * @throws {EnvelopeError} it is no entry of this protocol.
 */
export function decodeEntry(message: Message): Entry {
  expectType(message, statusType);
  const { correlationId: id, headers } = message;
  if (!id) throw new EnvelopeError("the correlation_id, which says the request, is missing");
  const kind = kinds.find((known) => known === headers["kind"]);
  if (!kind) throw new EnvelopeError(`the header "kind" is not one of ${kinds.join(", ")}`);
  const state = states.find((known) => known === headers["state"]);
  if (headers["state"] !== undefined && !state) {
    throw new EnvelopeError(`the header "state" is not one of ${states.join(", ")}`);
  }
  const key = text(headers, "key");
  const fingerprint = text(headers, "fingerprint");
  return withoutUndefined({
    kind,
    id,
    at: number(headers, "at") ?? message.timestamp ?? Date.now(),
    service: text(headers, "service"),
    state,
    run: number(headers, "run"),
    attempt: number(headers, "attempt"),
    nextAttemptAt: number(headers, "next-attempt-at"),
    reason: text(headers, "reason"),
    dueAt: number(headers, "due-at"),
    deadline: number(headers, "deadline"),
    claim: key === undefined ? undefined : { key, fingerprint: fingerprint ?? "" },
    confirmed: headers["confirmed"] === true ? true : undefined,
    createdAt: number(headers, "created-at"),
    updatedAt: number(headers, "updated-at"),
    response: responseOf(message),
  });
}

function responseOf({ headers, body }: Message): QueuedResponse | undefined {
  const status = number(headers, "status");
  const table = text(headers, "headers");
  if (status === undefined || table === undefined) return undefined;
  const spool = text(headers, "spool");
  const size = number(headers, "size");
  const spooled = spool === undefined ? {} : {
    spooled: { spool, ...(size === undefined ? {} : { size }) },
  };
  return { status, headers: decodeHeaders(parse(table)), body, ...spooled };
}

function parse(json: string): HeaderValue {
  try {
    return JSON.parse(json);
  } catch {
    throw new EnvelopeError('the header "headers" is not JSON');
  }
}

function text(headers: MessageHeaders, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined || typeof value === "string") return value;
  throw new EnvelopeError(`the header "${name}" is not text`);
}

function number(headers: MessageHeaders, name: string): number | undefined {
  const value = headers[name];
  if (value === undefined || typeof value === "number") return value;
  throw new EnvelopeError(`the header "${name}" is not a number`);
}

type Defined<T> =
  & { [name in keyof T as undefined extends T[name] ? never : name]: T[name] }
  & {
    [name in keyof T as undefined extends T[name] ? name : never]?: Exclude<T[name], undefined>;
  };

function withoutUndefined<T extends object>(object: T): Defined<T> {
  for (const name in object) if (object[name] === undefined) delete object[name];
  return object as unknown as Defined<T>;
}
