/** What is known of a response when its head is there. */
export interface ResponseHead {
  readonly status: number;
  /** The request's. */
  readonly method: string;
  /** Name and value in turn, as they came. */
  readonly headers: readonly string[];
}

/** When responses are passed on as they come. */
export interface StreamRule {
  /** A response that is larger is passed on as it comes, bytes. */
  readonly thresholdBytes: number;
  /** Statuses after which the request is tried again: those are never begun to be passed on. */
  readonly retryStatuses: ReadonlySet<number>;
}

/**
 * How a response is passed on: `whole`, in one message; `stream`, in frames from its head on; or
 * `watch`, in frames from when it turns out to take longer than a moment, or to be large.
 */
export type StreamStart = "whole" | "stream" | "watch";

const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/** Media types of documents without an end in sight. */
const endless =
  /^\s*(text\/event-stream|application\/(x-ndjson|ndjson|jsonl|x-jsonlines|json-seq|stream\+json)|multipart\/x-mixed-replace)\s*(;|$)/i;

/** Decides from its head how a response is passed on to a requester that takes frames. */
export function streamStart(
  { status, method, headers }: ResponseHead,
  { thresholdBytes, retryStatuses }: StreamRule,
): StreamStart {
  if (method === "HEAD" || bodiless.has(status) || retryStatuses.has(status)) return "whole";
  const length = contentLength(headers);
  if (length !== undefined) return length > thresholdBytes ? "stream" : "whole";
  return endless.test(headerOf(headers, "content-type") ?? "") ? "stream" : "watch";
}

/** The length of the body, bytes; undefined where the head does not say it. */
export function contentLength(headers: readonly string[]): number | undefined {
  const text = headerOf(headers, "content-length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function headerOf(headers: readonly string[], wanted: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i];
    if (name?.length === wanted.length && name.toLowerCase() === wanted) return headers[i + 1];
  }
  return undefined;
}
