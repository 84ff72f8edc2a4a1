import {
  BrokerUnavailableError,
  MessageTooLargeError,
  QueueFullError,
  QueueNotFoundError,
} from "../shared/broker/errors.ts";
import { Problem, type ProblemType } from "../shared/http/problem.ts";
import { logger } from "../shared/log.ts";
import { EnvelopeError } from "../shared/message/envelope.ts";
import { newRequestId } from "../shared/message/request_id.ts";

const log = logger("enqueuer");

/**
 * The problem that a caller is told of when its request failed with this error.
 * @param requestId @default the one that the error names, or a new one
 */
export function toProblem(error: unknown, requestId?: string): Problem {
  if (error instanceof Problem) {
    return requestId === undefined
      ? error
      : new Problem(error.type, { ...error.details, requestId });
  }
  return problemOf(error, requestId ?? newRequestId());
}

function problemOf(error: unknown, requestId: string): Problem {
  const problem = (type: ProblemType, detail: string, retryAfter?: number) =>
    new Problem(type, {
      detail,
      requestId,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  if (error instanceof QueueNotFoundError) {
    return problem(
      "service-not-found",
      `there is no queue ${error.queue}: no dequeuer for this service has run yet, and ` +
        "ENQUEUER_SERVICES does not name it",
    );
  }
  if (error instanceof QueueFullError) return problem("queue-full", error.message, 5);
  if (error instanceof BrokerUnavailableError) {
    return problem("broker-unavailable", error.message, 2);
  }
  if (error instanceof MessageTooLargeError) return problem("bad-request", error.message);
  if (error instanceof EnvelopeError) {
    return problem("upstream-protocol-error", `the reply is no response: ${error.message}`);
  }
  log.error("request {requestId} failed: {error}", { requestId, error });
  return problem("internal-error", "ProxyMQ failed; its log says why under this request's id");
}
