import type { HeaderTable } from "../../shared/http/headers.ts";
import type { EncodedBody } from "../../shared/message/encoded_body.ts";
import type { QueuedRequest } from "../../shared/message/envelope.ts";

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
  /** Of `encodeBody`. */
  readonly body: EncodedBody;
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
