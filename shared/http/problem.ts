import { newRequestId } from "../message/request_id.ts";

/** Every kind of problem that a caller can be told of, as RFC 9457 `type`, title and status. */
export const problemTypes = {
  "bad-request": { status: 400, title: "The request is not well-formed" },
  "no-priorities": { status: 400, title: "The broker has no priorities" },
  "unauthorized": { status: 401, title: "A valid API key is needed" },
  "admin-disabled": { status: 403, title: "Administration is off" },
  "not-found": { status: 404, title: "There is nothing here" },
  "service-not-found": { status: 404, title: "There is no such service" },
  "request-not-found": { status: 404, title: "There is no such request" },
  "request-timeout": { status: 408, title: "The request did not come in time" },
  "no-response-yet": { status: 409, title: "There is no response yet" },
  "request-ended": { status: 409, title: "The request has ended before" },
  "request-cancelled": { status: 409, title: "The request was cancelled" },
  "key-in-use": { status: 409, title: "The request with this key is still running" },
  "out-of-reach": { status: 409, title: "The rest cannot be reached in one run" },
  "body-too-large": { status: 413, title: "The request's body is too large" },
  "unsupported-media-type": { status: 415, title: "The format is not understood" },
  "range-not-satisfiable": { status: 416, title: "The response has no such part" },
  "key-reused": { status: 422, title: "The key belongs to another request" },
  "headers-too-large": { status: 431, title: "The request's headers are too large" },
  "internal-error": { status: 500, title: "ProxyMQ failed" },
  "upstream-unreachable": { status: 502, title: "The microservice cannot be reached" },
  "upstream-protocol-error": {
    status: 502,
    title: "The microservice's response cannot be passed on",
  },
  "upstream-failed": { status: 502, title: "The microservice could not do it" },
  "body-gone": { status: 502, title: "The request's body is not there any more" },
  "broker-unavailable": { status: 503, title: "The queue cannot be reached" },
  "queue-full": { status: 503, title: "The queue is full" },
  "timeout": { status: 504, title: "There was no response in time" },
} as const;

/** The name of a kind of problem. */
export type ProblemType = keyof typeof problemTypes;

/** What is common to all problem types' URIs. */
export const problemTypePrefix = "urn:proxymq:problem:";

/** The media type of problem details (RFC 9457 section 6.1). */
export const problemMediaType = "application/problem+json";

/** What a problem says beyond its type. */
export interface ProblemDetails {
  /** What was wrong with this very request, and what is allowed. */
  readonly detail: string;
  /** @default a new one, where a request failed before it had one */
  readonly requestId?: string;
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  readonly retryAfter?: number;
}

/** The members of a problem document, RFC 9457 section 3. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly request_id: string;
}

/** A failure that becomes a problem document as a caller's response. */
export class Problem extends Error {
  override name = "Problem";
  readonly type: ProblemType;
  readonly details: ProblemDetails & { readonly requestId: string };

  constructor(type: ProblemType, { requestId = newRequestId(), ...details }: ProblemDetails) {
    super(details.detail);
    this.type = type;
    this.details = { ...details, requestId };
  }

  get status(): number {
    return problemTypes[this.type].status;
  }

  toDocument(): ProblemDocument {
    const { detail, requestId } = this.details;
    return {
      type: problemTypePrefix + this.type,
      ...problemTypes[this.type],
      detail,
      request_id: requestId,
    };
  }

  /** The response's headers, by lower-case name. */
  toHeaders(): Record<string, string> {
    const { requestId, retryAfter } = this.details;
    return {
      "content-type": problemMediaType,
      "proxymq-request-id": requestId,
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      ...(this.status === 401 ? { "www-authenticate": 'Bearer realm="proxymq"' } : {}),
    };
  }

  toResponse(): Response {
    return new Response(JSON.stringify(this.toDocument()), {
      status: this.status,
      headers: this.toHeaders(),
    });
  }
}
