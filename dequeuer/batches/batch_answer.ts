import { Buffer } from "node:buffer";
import { type HeaderTable, isHeader, responseHeaders } from "../../shared/http/headers.ts";
import { bodyKind } from "../../shared/message/encoded_body.ts";
import type { BatchFormat } from "./batch_request.ts";
import type { ForwardResult } from "../forwarder.ts";

/** What a microservice's answer to a batch means. */
export type BatchAnswer =
  /** A result for each item, in the items' order; `remark` says what was odd, for the log. */
  | { readonly kind: "items"; readonly results: readonly ForwardResult[]; readonly remark?: string }
  /** It is an answer, but does not say which item got what. */
  | { readonly kind: "unclear"; readonly detail: string }
  /** It is none of the forms that are allowed. */
  | { readonly kind: "invalid"; readonly detail: string };

/** The forms of an answer, in words. */
export const answerForms =
  "allowed are an array of {id, status, headers?, body?}, an array with a " +
  'body for each item in order, {"batchItemFailures": [{itemIdentifier}]}, and ' +
  '{"statuses": [{entryId, status}]}';

/**
 * Reads a microservice's answer to a batch.
 *
 * @param body the answer's body.
 * @param items the ids and methods of the batch's items, in their order.
 * @param format what the items were sent as: who got no ids cannot answer by them.
 */
export function readAnswer(
  body: Uint8Array,
  items: readonly AnsweredItem[],
  format: BatchFormat,
): BatchAnswer {
  let value: unknown;
  try {
    value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return invalid("it is not JSON");
  }
  if (Array.isArray(value)) {
    const envelopes = format === "bodies" ? 0 : value.filter(isEnvelope).length;
    if (envelopes === 0) return bodiesInOrder(value, items);
    if (envelopes === value.length) return fromEnvelopes(value.filter(isEnvelope), items);
    const odd = value.findIndex((item) => !isEnvelope(item));
    return invalid(`item ${odd} of the array has no string "id" and number "status", others have`);
  }
  if (isObject(value)) {
    if ("batchItemFailures" in value) return fromFailures(value["batchItemFailures"], items);
    if ("statuses" in value) return fromStatuses(value["statuses"], items);
  }
  return invalid("it has none of the forms that are known");
}

/** An item of a batch that was answered. */
export interface AnsweredItem {
  readonly id: string;
  readonly method: string;
}

type JsonObject = { readonly [name: string]: unknown };
type Envelope = JsonObject & { readonly id: string; readonly status: number };

function bodiesInOrder(bodies: readonly unknown[], items: readonly AnsweredItem[]): BatchAnswer {
  if (bodies.length !== items.length) {
    const detail = `the microservice answered ${bodies.length} bodies to ${items.length} items`;
    return { kind: "unclear", detail };
  }
  const headers = { "content-type": "application/json" };
  const results = bodies.map((body) => response(200, headers, bytes(JSON.stringify(body))));
  return { kind: "items", results };
}

function fromEnvelopes(
  envelopes: readonly Envelope[],
  items: readonly AnsweredItem[],
): BatchAnswer {
  const { found, remark } = assign(envelopes, ({ id }) => id, items);
  const results = items.map((item) => {
    const [envelope, ...others] = found.get(item.id) ?? [];
    return envelope && others.length === 0
      ? fromEnvelope(envelope, item)
      : unanswered(others.length);
  });
  return { kind: "items", results, ...remark };
}

function fromEnvelope({ status, headers = {}, body, encoding }: Envelope, item: AnsweredItem) {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return invalidItem(`the status is ${status}; allowed is 200 to 599`);
  }
  if (!isObject(headers)) return invalidItem("the headers are no object");
  const raw: string[] = [];
  for (const [name, given] of Object.entries(headers)) {
    for (const one of Array.isArray(given) ? given : [given]) {
      const value = typeof one === "number" || typeof one === "boolean" ? String(one) : one;
      if (typeof value !== "string" || !isHeader(name, value)) {
        return invalidItem(`the header ${JSON.stringify(name)} is not one that HTTP allows`);
      }
      raw.push(name, value);
    }
  }
  const table = responseHeaders(raw, item.method);
  if (encoding !== undefined && encoding !== null) {
    if (encoding !== "base64" || typeof body !== "string" || !isBase64(body)) {
      return invalidItem('the "encoding" is not "base64", or the body is not that');
    }
    return response(status, table, Buffer.from(body, "base64"));
  }
  const json = bodyKind(table["content-type"]) === "json";
  if (body === undefined || (body === null && !json)) return response(status, table, nothing);
  if (json || typeof body !== "string") {
    table["content-type"] ??= "application/json";
    return response(status, table, bytes(JSON.stringify(body)));
  }
  table["content-type"] ??= "text/plain; charset=utf-8";
  return response(status, table, bytes(body));
}

/** AWS's partial batch response: what is not listed has gone well. */
function fromFailures(failures: unknown, items: readonly AnsweredItem[]): BatchAnswer {
  const listed = failures ?? [];
  if (!Array.isArray(listed)) return invalid('"batchItemFailures" is no array');
  const failed = new Set<string>();
  for (const failure of listed) {
    const id = isObject(failure) ? failure["itemIdentifier"] : undefined;
    if (typeof id !== "string" || !items.some((item) => item.id === id)) {
      // Whatever was meant by it has failed, and could be any of them.
      const detail = `the microservice reported ${shown(id)} as failed, which is no item's id`;
      return { kind: "unclear", detail };
    }
    failed.add(id);
  }
  const results = items.map(({ id }): ForwardResult =>
    failed.has(id)
      ? { kind: "failed", detail: "the microservice listed it in batchItemFailures" }
      : done
  );
  return { kind: "items", results };
}

/** Dapr's bulk response: SUCCESS, RETRY or DROP. */
function fromStatuses(statuses: unknown, items: readonly AnsweredItem[]): BatchAnswer {
  if (!Array.isArray(statuses) || !statuses.every(isStatus)) {
    return invalid('"statuses" is no array of {entryId, status: SUCCESS, RETRY or DROP}');
  }
  const { found, remark } = assign(statuses, ({ entryId }) => entryId, items);
  const results = items.map(({ id }): ForwardResult => {
    const [entry, ...others] = found.get(id) ?? [];
    if (!entry || others.length > 0) return unanswered(others.length);
    switch (entry.status) {
      case "SUCCESS":
        return done;
      case "RETRY":
        return { kind: "failed", detail: "the microservice asked for a retry" };
      case "DROP":
        return { kind: "dropped", detail: "the microservice dropped it" };
    }
  });
  return { kind: "items", results, ...remark };
}

/** Finds each item's answers by its id, and says what does not add up. */
function assign<T>(
  answers: readonly T[],
  idOf: (answer: T) => string,
  items: readonly AnsweredItem[],
): { found: Map<string, T[]>; remark: { remark?: string } } {
  const found = new Map<string, T[]>(items.map(({ id }) => [id, []]));
  const unknown: string[] = [];
  for (const answer of answers) {
    const id = idOf(answer);
    const same = found.get(id);
    if (same) same.push(answer);
    else unknown.push(id);
  }
  const counts = [...found.values()].map(({ length }) => length);
  const missing = counts.filter((count) => count === 0).length;
  const repeated = counts.filter((count) => count > 1).length;
  if (missing + repeated + unknown.length === 0) return { found, remark: {} };
  const remark = `${items.length} items, ${answers.length} answers: ${missing} missing, ` +
    `${repeated} more than once, ${unknown.length} of unknown ids` +
    (unknown.length > 0 ? ` (${shown(unknown[0])} ...)` : "");
  return { found, remark: { remark } };
}

const nothing = new Uint8Array(0);
const done: ForwardResult = {
  kind: "response",
  response: { status: 204, headers: {}, body: nothing },
};

function response(status: number, headers: HeaderTable, body: Uint8Array): ForwardResult {
  return { kind: "response", response: { status, headers, body } };
}

function unanswered(others: number): ForwardResult {
  const detail = others > 0
    ? "the microservice answered it more than once in its batch"
    : "the microservice's answer to its batch left it out";
  return { kind: "failed", detail };
}

function invalidItem(detail: string): ForwardResult {
  return { kind: "invalid-response", detail: `in the answer to its batch, ${detail}` };
}

function invalid(detail: string): BatchAnswer {
  return { kind: "invalid", detail: `the answer to a batch: ${detail}; ${answerForms}` };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEnvelope(value: unknown): value is Envelope {
  return isObject(value) && typeof value["id"] === "string" && typeof value["status"] === "number";
}

function isStatus(
  value: unknown,
): value is { entryId: string; status: "SUCCESS" | "RETRY" | "DROP" } {
  return isObject(value) && typeof value["entryId"] === "string" &&
    ["SUCCESS", "RETRY", "DROP"].includes(value["status"] as string);
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, "utf-8");
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 100);
}

/** A number that JavaScript would write with other digits. */
const longNumber = /\d{16}|\.\d*0\b|\d[eE]/;

/** Parses JSON so that written again, its numbers have the digits that they had. */
function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  return parse(
    text,
    (_key, value, { source }) =>
      typeof value === "number" && String(value) !== source ? rawJson(source) : value,
  );
}

type Reviver = (key: string, value: unknown, context: { readonly source: string }) => unknown;
/** ECMAScript's source text access, which TypeScript's library does not know yet. */
const { parse, rawJSON: rawJson } = JSON as unknown as {
  readonly parse: (text: string, reviver: Reviver) => unknown;
  readonly rawJSON: (text: string) => unknown;
};
