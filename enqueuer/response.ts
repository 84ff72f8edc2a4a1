import { toHeaders } from "../shared/http/headers.ts";
import { readyResponse } from "../shared/http/server/ready_response.ts";
import { EnvelopeError, type QueuedResponse } from "../shared/message/envelope.ts";
import type { IncomingStream } from "./streams/incoming_stream.ts";

const nothing = new Uint8Array(0);
const nullBodyStatus: ReadonlySet<number> = new Set([204, 205, 304]);

/** A response from the queue, whose headers are ones that HTTP allows, as the caller gets it. */
export function toResponse({ status, headers, body }: QueuedResponse): Response {
  return readyResponse(status, headers, nullBodyStatus.has(status) ? nothing : body);
}

/**
 * A response that still arrives, as the caller gets it.
 * @throws {EnvelopeError} it holds a header that HTTP does not allow, or a body where none can be.
 */
export function toStreamedResponse({ head: { status, headers }, body }: IncomingStream): Response {
  try {
    return new Response(body, { status, headers: toHeaders(headers) });
  } catch (error) {
    throw new EnvelopeError(error instanceof Error ? error.message : String(error));
  }
}
