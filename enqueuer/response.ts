import { toHeaders } from "../shared/http/headers.ts";
import { EnvelopeError, type QueuedResponse } from "../shared/message/envelope.ts";

const nullBodyStatus: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A response from the queue as the caller gets it.
 * @throws {EnvelopeError} the response holds a header that HTTP does not allow.
 */
export function toResponse({ status, headers, body }: QueuedResponse): Response {
  const hasBody = body.byteLength > 0 && !nullBodyStatus.has(status);
  try {
    return new Response(hasBody ? body as Uint8Array<ArrayBuffer> : null, {
      status,
      headers: toHeaders(headers),
    });
  } catch (error) {
    throw new EnvelopeError(error instanceof Error ? error.message : String(error));
  }
}
