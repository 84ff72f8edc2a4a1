import { Problem, type ProblemType } from "../shared/http/problem.ts";
import type { QueuedResponse } from "../shared/message/envelope.ts";
import type { ForwardResult } from "./forwarder.ts";

/** What becomes of a delivery, and what its requester is told. */
export type Outcome =
  | { readonly kind: "answered"; readonly response: QueuedResponse }
  | { readonly kind: "dead"; readonly reason: string; readonly response: QueuedResponse }
  | { readonly kind: "released" };

/** Decides from how the call ended. Any response of the microservice is its answer. */
export function decide(result: ForwardResult, requestId: string | undefined): Outcome {
  const dead = (reason: string, type: ProblemType, detail: string): Outcome => ({
    kind: "dead",
    reason,
    response: problemResponse(type, detail, requestId),
  });
  switch (result.kind) {
    case "response":
      return { kind: "answered", response: result.response };
    case "unreachable":
      return dead("unreachable", "upstream-unreachable", result.detail);
    case "timeout":
      return dead("timeout", "timeout", result.detail);
    case "invalid-request":
      return dead("invalid", "bad-request", result.detail);
    case "invalid-response":
      return dead("invalid-response", "upstream-protocol-error", result.detail);
    case "stopped":
      return { kind: "released" };
  }
}

/** A problem document as a response for the queue. */
export function problemResponse(
  type: ProblemType,
  detail: string,
  requestId: string | undefined,
): QueuedResponse {
  const problem = new Problem(type, {
    detail,
    ...(requestId === undefined ? {} : { requestId }),
  });
  return {
    status: problem.status,
    headers: problem.toHeaders(),
    body: new TextEncoder().encode(JSON.stringify(problem.toDocument())),
  };
}
