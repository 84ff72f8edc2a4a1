import { Buffer } from "node:buffer";
import type { HeaderTable } from "../shared/http/headers.ts";
import type { QueuedRequest } from "../shared/message/envelope.ts";

/**
 * What a microservice gets of each request of a batch: an envelope with everything, or its JSON
 * body alone.
 */
export type BatchFormat = "envelopes" | "bodies";

/** The formats, the default first. */
export const batchFormats = ["envelopes", "bodies"] as const satisfies readonly BatchFormat[];

/** An item of a batch on its way to the microservice. */
export interface BatchEntry {
  /** Unlike any other in the batch. */
  readonly id: string;
  readonly request: QueuedRequest;
  /** The request's headers, ProxyMQ's own with them. */
  readonly headers: HeaderTable;
  /** Of {@link encodeBody}. */
  readonly body: EncodedBody;
}

/** A body as JSON text: a value of the body's own, or a string that holds it. */
export interface EncodedBody {
  /** Undefined where the body is empty. */
  readonly json: string | undefined;
  readonly as: "json" | "text" | "base64";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A body as it stands in a batch: JSON as the JSON that it is, to the letter, so that no number
 * loses its digits; text as a string; anything else as base64. The content type says which, and
 * what is not what that says is base64.
 */
export function encodeBody(
  { headers, body }: Pick<QueuedRequest, "headers" | "body">,
): EncodedBody {
  if (body.byteLength === 0) return { json: undefined, as: "text" };
  const kind = headers["content-encoding"] === undefined
    ? bodyKind(headers["content-type"])
    : "base64";
  if (kind !== "base64") {
    try {
      const text = utf8.decode(body);
      if (kind === "text") return { json: JSON.stringify(text), as: "text" };
      JSON.parse(text);
      return { json: text, as: "json" };
    } catch {
      // It is not what its content type says.
    }
  }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return { json: `"${bytes.toString("base64")}"`, as: "base64" };
}

/** A batch as the JSON that the microservice gets. */
export function encodeBatch(entries: readonly BatchEntry[], format: BatchFormat): string {
  const texts = format === "bodies"
    ? entries.map(({ body }) => body.json ?? "null")
    : entries.map(envelope);
  return `[${texts.join(",")}]`;
}

function envelope({ id, request: { method, path }, headers, body: { json, as } }: BatchEntry) {
  const start = JSON.stringify({ id, method, path, headers });
  if (json === undefined) return start;
  const encoding = as === "base64" ? ',"encoding":"base64"' : "";
  return `${start.slice(0, -1)},"body":${json}${encoding}}`;
}

const jsonType = /^\s*(application\/json|[\w.+-]+\/[\w.+-]+\+json)\s*(;|$)/i;
const textType =
  /^\s*(text\/[\w.+-]+|application\/(xml|javascript|x-www-form-urlencoded|[\w.+-]+\+xml))\s*(;|$)/i;
const otherCharset = /;\s*charset\s*=\s*(?!"?(utf-?8|us-ascii)"?\s*(;|$))/i;

/** What a content type says of a body. */
export function bodyKind(contentType: string | string[] | undefined): EncodedBody["as"] {
  if (typeof contentType !== "string" || otherCharset.test(contentType)) return "base64";
  if (jsonType.test(contentType)) return "json";
  return textType.test(contentType) ? "text" : "base64";
}

/**
 * What a request is batched with its like by: the method and the path; the query too where the
 * microservice does not see it; and the value of a header.
 * @param header lower-case.
 */
export function batchKey(
  { method, path, headers }: Pick<QueuedRequest, "method" | "path" | "headers">,
  format: BatchFormat,
  header: string | undefined,
): string {
  const route = format === "bodies" ? path : path.replace(/\?.*$/s, "");
  const value = header === undefined ? undefined : headers[header];
  return value === undefined ? `${method} ${route}` : `${method} ${route}\n${value}`;
}
