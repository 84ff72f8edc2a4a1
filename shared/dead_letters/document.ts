import { Buffer } from "node:buffer";
import { z } from "@hono/zod-openapi";
import type { Message } from "../broker/broker.ts";
import type { FailedAttempt } from "../message/history.ts";
import type { DeadLetter } from "./dead_letter.ts";

const failure = z.object({
  at: z.iso.datetime(),
  failure: z.string().openapi({ example: "status-503" }),
}).openapi("FailedAttempt");

/** A dead letter in a list, as JSON. */
export const summarySchema = z.object({
  id: z.string().openapi({ description: "The request's id." }),
  service: z.string(),
  reason: z.string().openapi({ example: "status-503" }),
  dead_at: z.iso.datetime().optional(),
  age_ms: z.int().optional().openapi({ description: "Milliseconds since then." }),
  attempts: z.int().openapi({ description: "How often it was tried." }),
  replays: z.int().openapi({ description: "How often it was replayed before." }),
  first_failure: failure.optional(),
  last_failure: failure.optional(),
  last_status: z.int().optional().openapi({ description: "The last response's status." }),
  method: z.string().optional(),
  path: z.string().optional().openapi({ description: "Path and query." }),
  size: z.int().openapi({ description: "Of the body, bytes." }),
}).openapi("DeadLetterSummary");

/** A dead letter with all that it has, as JSON. */
export const letterSchema = summarySchema.extend({
  history: z.array(failure),
  last_response: z.string().optional().openapi({ description: "The beginning of its body." }),
  traceparent: z.string().optional(),
  headers: z.json().optional().openapi({
    type: "object",
    description: "The request's HTTP headers; repeated ones as arrays.",
  }),
  body: z.object({
    size: z.int().openapi({ description: "Bytes." }),
    text: z.string().optional().openapi({ description: "The body, if it is text in UTF-8." }),
    base64: z.string().optional().openapi({ description: "The body, if it is not." }),
    spool: z.string().optional().openapi({
      description: "The spool that it is in, if it is too large to be told here.",
    }),
  }),
  properties: z.record(z.string(), z.union([z.string(), z.int()])).openapi({
    description: "The message's properties, under AMQP's names.",
  }),
  message_headers: z.json().openapi({
    type: "object",
    description: "The message's headers, as they stand in the queue.",
  }),
}).openapi("DeadLetter");

/** A dead letter in a list, as JSON. */
export type SummaryDocument = z.infer<typeof summarySchema>;
/** A dead letter with all that it has, as JSON. */
export type LetterDocument = z.infer<typeof letterSchema>;

/** @param now epoch milliseconds. */
export function toSummary(letter: DeadLetter, now: number): SummaryDocument {
  const { id, service, reason, deadAt, attempts, replays, history } = letter;
  const [first, last] = [history[0], history.at(-1)];
  return {
    id,
    service,
    reason,
    ...(deadAt === undefined
      ? {}
      : { dead_at: isoTime(deadAt), age_ms: Math.max(0, now - deadAt) }),
    attempts,
    replays,
    ...(first === undefined ? {} : { first_failure: toFailure(first) }),
    ...(last === undefined ? {} : { last_failure: toFailure(last) }),
    ...(letter.lastStatus === undefined ? {} : { last_status: letter.lastStatus }),
    ...(letter.method === undefined ? {} : { method: letter.method }),
    ...(letter.path === undefined ? {} : { path: letter.path }),
    size: letter.spooled?.size ?? letter.message.body.byteLength,
  };
}

/** @param now epoch milliseconds. */
export function toDocument(letter: DeadLetter, now: number): LetterDocument {
  const { lastResponse, traceparent, message } = letter;
  const { headers, ...messageHeaders } = message.headers;
  return {
    ...toSummary(letter, now),
    history: letter.history.map(toFailure),
    ...(lastResponse === undefined ? {} : { last_response: lastResponse }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(headers === undefined ? {} : { headers: z.json().parse(headers) }),
    body: bodyOf(letter),
    properties: propertiesOf(message),
    message_headers: z.json().parse(messageHeaders),
  };
}

function bodyOf({ message: { body }, spooled }: DeadLetter): LetterDocument["body"] {
  if (spooled) return spooled;
  const size = body.byteLength;
  const text = textOf(body);
  return text === undefined
    ? { size, base64: Buffer.from(body).toString("base64") }
    : { size, text };
}

/** A body as text, or undefined if it is not UTF-8 or holds what text does not. */
export function textOf(body: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return /(?![\t\n\r])\p{Cc}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function propertiesOf(message: Message): Record<string, string | number> {
  const { messageId, correlationId, replyTo, contentType, type, priority, timestamp } = message;
  const properties = {
    message_id: messageId,
    correlation_id: correlationId,
    reply_to: replyTo,
    content_type: contentType,
    type,
    priority,
    timestamp: timestamp === undefined ? undefined : isoTime(timestamp),
  };
  const given: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined) given[name] = value;
  }
  return given;
}

function toFailure({ at, failure }: FailedAttempt): { at: string; failure: string } {
  return { at: isoTime(at), failure };
}

/** The farthest times that have a date, milliseconds from the epoch. */
const lastTime = 8.64e15;

/** A foreign message may hold any number. */
function isoTime(ms: number): string {
  return new Date(Math.max(-lastTime, Math.min(ms, lastTime))).toISOString();
}
