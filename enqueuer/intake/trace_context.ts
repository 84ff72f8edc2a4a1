const traceparentPattern = /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/;

/** A W3C trace context, as it goes into the queue. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/**
 * The caller's trace context if it sent a valid one, else a new trace whose id is the request's
 * id, so that either leads to the other (W3C Trace Context section 3.2).
 * @param requestId a UUID.
 */
export function traceContext(headers: Headers, requestId: string): TraceContext {
  const traceparent = headers.get("traceparent");
  if (traceparent !== null && traceparentPattern.test(traceparent)) {
    const tracestate = headers.get("tracestate");
    return tracestate === null ? { traceparent } : { traceparent, tracestate };
  }
  const traceId = requestId.replaceAll("-", "");
  return { traceparent: `00-${traceId}-${traceId.slice(16)}-01` };
}
