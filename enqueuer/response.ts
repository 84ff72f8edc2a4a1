import { toHeaders } from "../shared/http/headers.ts";
import { withKnownBody } from "../shared/http/server/known_body.ts";
import { EnvelopeError, type QueuedResponse } from "../shared/message/envelope.ts";
import type { IncomingStream } from "./streams/incoming_stream.ts";

const nullBodyStatus: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A response from the queue as the caller gets it.
 * @throws {EnvelopeError} the response holds a header that HTTP does not allow.
 */
export function toResponse({ status, headers, body }: QueuedResponse): Response {
  const hasBody = body.byteLength > 0 && !nullBodyStatus.has(status);
  try {
    const init = { status, headers: toHeaders(headers) };
    if (!hasBody) return new Response(null, init);
    return withKnownBody(new Response(body as Uint8Array<ArrayBuffer>, init), body);
  } catch (error) {
    throw new EnvelopeError(error instanceof Error ? error.message : String(error));
  }
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
