import { Buffer } from "node:buffer";
import { type HeaderTable, toHeaders } from "../../shared/http/headers.ts";
import { Problem } from "../../shared/http/problem.ts";
import { EnvelopeError, type QueuedResponse } from "../../shared/message/envelope.ts";
import type { Spools } from "../../shared/spool/spools.ts";
import { toResponse } from "../response.ts";
import { rangeHolds, rangeOf } from "./range.ts";
import { resumeAt } from "./resume.ts";
import { spoolStream } from "./spool_stream.ts";

/**
 * A kept response as the microservice made it, whole, or as it comes while it is still being made.
 * @throws {EnvelopeError} it holds a header that HTTP does not allow.
 */
export function wholeResponse(spools: Spools, response: QueuedResponse): Response {
  const { spooled } = response;
  if (!spooled) return toResponse(response);
  const { spool, size } = spooled;
  return made(spoolStream(spools, spool), response.status, {
    ...response.headers,
    ...(size === undefined ? {} : { "content-length": String(size) }),
  });
}

/**
 * A kept response for whoever asks for it by its URL: a part of it by `Range` once it is whole, and what
 * follows an event by `Last-Event-ID`.
 * @param asked the headers of who asks.
 * @throws {EnvelopeError} it holds a header that HTTP does not allow.
 */
export async function storedResponse(
  spools: Spools,
  response: QueuedResponse,
  asked: Headers,
): Promise<Response> {
  const { status, headers, body, spooled } = response;
  if (status !== 200) return wholeResponse(spools, response);
  const lastEventId = asked.get("last-event-id");
  if (lastEventId !== null && isEventStream(headers)) {
    // It is UTF-8 (WHATWG HTML section 9.2.4), and a header's value has a character for each byte.
    return await resumed(spools, response, Buffer.from(lastEventId, "latin1").toString());
  }
  const size = spooled ? spooled.size : body.byteLength;
  if (!size) return wholeResponse(spools, response);
  const accepting = { ...headers, "accept-ranges": "bytes" };
  const holds = rangeHolds(asked.get("if-range"), headers);
  const range = holds ? rangeOf(asked.get("range"), size) : undefined;
  if (range === undefined) return wholeResponse(spools, { ...response, headers: accepting });
  if (range === "unsatisfiable") return unsatisfiable(size);
  const { from, to } = range;
  const part = spooled
    ? spoolStream(spools, spooled.spool, from, to - from)
    : body.subarray(from, to) as Uint8Array<ArrayBuffer>;
  return made(part, 206, {
    ...accepting,
    "content-length": String(to - from),
    "content-range": `bytes ${from}-${to - 1}/${size}`,
  });
}

/** What follows an event; all of the stream, if that is not in it. */
async function resumed(
  spools: Spools,
  response: QueuedResponse,
  lastEventId: string,
): Promise<Response> {
  const { status, headers, body, spooled } = response;
  const from = await resumeAt(spools, response, lastEventId);
  const size = spooled ? spooled.size : body.byteLength;
  // By that a client stops to connect again.
  if (from > 0 && from === size) return new Response(null, { status: 204 });
  const { "content-length": _, ...others } = headers;
  const rest = spooled
    ? spoolStream(spools, spooled.spool, from)
    : body.subarray(from) as Uint8Array<ArrayBuffer>;
  return made(rest, status, others);
}

/** Of one that is encoded nobody sees the events. */
function isEventStream(headers: HeaderTable): boolean {
  const type = headers["content-type"];
  return headers["content-encoding"] === undefined && typeof type === "string" &&
    /^\s*text\/event-stream\s*(;|$)/i.test(type);
}

function unsatisfiable(size: number): Response {
  const problem = new Problem("range-not-satisfiable", {
    detail: `the response has ${size} bytes, from 0 to ${size - 1}`,
  });
  const response = problem.toResponse();
  response.headers.set("content-range", `bytes */${size}`);
  return response;
}

function made(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
  status: number,
  headers: HeaderTable,
): Response {
  try {
    return new Response(body, { status, headers: toHeaders(headers) });
  } catch (error) {
    throw new EnvelopeError(error instanceof Error ? error.message : String(error));
  }
}
