import {
  MessageTooLargeError,
  QueueFullError,
  QueueNotFoundError,
} from "../shared/broker/errors.ts";
import { Problem } from "../shared/http/problem.ts";
import { encodeRequest } from "../shared/message/envelope.ts";
import { newRequestId } from "../shared/message/request_id.ts";
import { requestQueue } from "../shared/service_name.ts";
import { answer } from "./answer.ts";
import { broadcastCancel, type CancelDeps, cancelRequest } from "./cancel.ts";
import { CallerGoneError, onHangUp } from "./hang_up.ts";
import { streamWindow } from "./streams/incoming_stream.ts";
import { type Intake, type IntakeDeps, takeIn } from "./intake/intake.ts";
import { isTracked } from "./intake/order.ts";
import { toProblem } from "./problems.ts";
import type { ReplyInbox } from "./reply_inbox.ts";
import type { ReplyStreams } from "./streams/reply_streams.ts";
import type { Target } from "./intake/target.ts";
import { type TrackedDeps, trackedWay } from "./requests/tracked.ts";

/** What the way of a request through the enqueuer needs. */
export interface ProxyDeps extends IntakeDeps, TrackedDeps, CancelDeps {
  readonly inbox: ReplyInbox;
  readonly streams: ReplyStreams;
}

/**
 * Makes the way of a request: into the service's queue, and back with the microservice's
 * response, or with where it will be, or with a problem document. Never rejects.
 */
export function createProxy(
  deps: ProxyDeps,
): (request: Request, to: Target, rawHeaders?: readonly string[]) => Promise<Response> {
  return async (request, to, rawHeaders) => {
    const start = performance.now();
    const id = newRequestId();
    let response: Response;
    let known = true;
    let intake: Intake | undefined;
    try {
      intake = await takeIn(deps, id, request, to, rawHeaders);
      response = isTracked(intake.order)
        ? await trackedWay(deps, intake, request)
        : await waitingWay(deps, intake, request);
      forgetBody(deps, intake);
    } catch (error) {
      if (intake) forgetBody(deps, intake, error);
      // Nobody gets it.
      if (error instanceof CallerGoneError) return new Response(null, { status: 499 });
      const problem = toProblem(error, id);
      known = problem.type !== "service-not-found" && problem.type !== "bad-request";
      response = problem.toResponse();
    }
    const seconds = (performance.now() - start) / 1000;
    deps.metrics.answered(known ? to.service : undefined, request.method, response.status, seconds);
    return response;
  };
}

/**
 * Deletes the body of a request that did not get into its queue: it was refused, or its key is taken.
 */
function forgetBody({ spools }: ProxyDeps, { request, mayBeQueued }: Intake, why?: unknown): void {
  if (!request.spooled) return;
  const refused = why instanceof QueueNotFoundError || why instanceof QueueFullError ||
    why instanceof MessageTooLargeError;
  if (refused || !mayBeQueued) spools.delete(request.spooled.spool);
}

/** The way of a request whose caller waits, and which ends when the caller's patience does. */
async function waitingWay(
  deps: ProxyDeps,
  intake: Intake,
  caller: Request,
): Promise<Response> {
  const { id, service, order, delayMs, request } = intake;
  const { broker, inbox, services } = deps;
  inbox.checkDeclared();
  const now = Date.now();
  const deadline = now + order.waitMs;
  const message = encodeRequest(
    { ...request, deadline, replyTo: inbox.queue, window: streamWindow },
    now,
  );
  const waiting = inbox.expect(id, deadline);
  intake.mayBeQueued = true;
  // Not awaited: the reply may overtake the confirmation, and the deadline bounds both.
  const published = broker.publish({ queue: requestQueue(service) }, [message], { delayMs });
  published.then(() => services.published(service), (error) => inbox.fail(id, error));
  using _ = onHangUp(caller, () => {
    if (!inbox.fail(id, new CallerGoneError())) return;
    void published.then(
      () => cancelRequest(deps, service, { id, reason: "disconnect", deadline }),
      () => deps.metrics.disconnected(undefined),
    );
  });
  const reply = await waiting;
  if (reply === undefined) {
    throw new Problem("timeout", { detail: `no response came within ${order.waitMs} ms` });
  }
  return answer(deps, reply, caller, (end) => {
    const cancel = { id, reason: "disconnect" } as const;
    if (end === "hung-up") void cancelRequest(deps, service, cancel);
    // Its dequeuer may be gone, and the request is not to be run again for nobody.
    else void broadcastCancel(broker, service, cancel);
  });
}
