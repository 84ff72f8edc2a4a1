import { createHash } from "node:crypto";
import { ATTEMPT, DEAD_AT, DEAD_REASON, type HeaderValue, type Message } from "../broker/broker.ts";
import { type SpooledBody, spooledBody } from "../message/envelope.ts";
import {
  DEAD_RESPONSE,
  DEAD_STATUS,
  type FailedAttempt,
  failedAttempts,
} from "../message/history.ts";
import { replaysOf } from "./replayed.ts";

/** A dead letter, read for people: what was asked for, and what became of it. */
export interface DeadLetter {
  /** The request's id; for a message without one, a name made of its content. */
  readonly id: string;
  readonly service: string;
  readonly reason: string;
  /** When it became one, epoch milliseconds; a foreign message may not say. */
  readonly deadAt?: number;
  /** How often it was tried, as far as it is known. */
  readonly attempts: number;
  /** The failed attempts that are known, the oldest first. */
  readonly history: readonly FailedAttempt[];
  /** The status of the last response, if there was one. */
  readonly lastStatus?: number;
  /** The first characters of the last response's body. */
  readonly lastResponse?: string;
  /** How often it was replayed before. */
  readonly replays: number;
  readonly method?: string;
  readonly path?: string;
  readonly traceparent?: string;
  /** Where its body is, if it is too large for a message. */
  readonly spooled?: SpooledBody;
  /** The message as it stands in the queue. */
  readonly message: Message;
}

/** Reads a message of a service's dead-letter queue, whatever it is. */
export function readDeadLetter(service: string, message: Message): DeadLetter {
  const { headers } = message;
  const history = failedAttempts(message);
  const deadAt = numberIn(headers[DEAD_AT]);
  const lastStatus = numberIn(headers[DEAD_STATUS]);
  const lastResponse = textIn(headers[DEAD_RESPONSE]);
  const method = textIn(headers["method"]);
  const path = textIn(headers["path"]);
  const traceparent = textIn(headers["traceparent"]);
  const spooled = spooledIn(message);
  return {
    id: ownId(message) ?? `anonymous-${fingerprint(message).slice(0, 16)}`,
    service,
    reason: textIn(headers[DEAD_REASON]) ?? "unknown",
    ...(deadAt === undefined ? {} : { deadAt }),
    attempts: Math.max(history.length, numberIn(headers[ATTEMPT]) ?? 0),
    history,
    ...(lastStatus === undefined ? {} : { lastStatus }),
    ...(lastResponse === undefined ? {} : { lastResponse }),
    replays: replaysOf(message),
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(spooled === undefined ? {} : { spooled }),
    message,
  };
}

/** Where the body of a dead letter is, if it says so well. */
export function spooledIn(message: Message): SpooledBody | undefined {
  try {
    return spooledBody(message);
  } catch {
    return undefined;
  }
}

/** The id that a message came with. */
export function ownId({ correlationId, messageId }: Message): string | undefined {
  return correlationId || messageId || undefined;
}

/** What tells a message from every other one but its copies. */
export function fingerprint({ body, headers, ...properties }: Message): string {
  const { messageId, correlationId, replyTo, timestamp, type } = properties;
  return createHash("sha256")
    .update(JSON.stringify([messageId, correlationId, replyTo, timestamp, type, sorted(headers)]))
    .update(body)
    .digest("hex");
}

/** With every table's names in order: RabbitMQ changes it when it delivers a message again. */
function sorted(value: HeaderValue): HeaderValue {
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

function numberIn(value: HeaderValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function textIn(value: HeaderValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
