import type { Message } from "../../shared/broker/broker.ts";
import { Problem } from "../../shared/http/problem.ts";
import type { NewRequest, RequestRecord } from "../../shared/results/result_store.ts";
import type { Spools } from "../../shared/spool/spools.ts";
import { type AcceptDeps, acceptRequest } from "./accept.ts";
import { accepted } from "./accepted_response.ts";
import { answer } from "../answer.ts";
import { type CancelDeps, cancelRequest } from "../cancel.ts";
import { CallerGoneError, onHangUp } from "../hang_up.ts";
import { claimOf } from "../intake/idempotency_key.ts";
import type { Intake } from "../intake/intake.ts";
import { comesBack } from "../intake/order.ts";
import { repeatedWay } from "./repeated.ts";
import type { ReplyInbox } from "../reply_inbox.ts";
import { requestPath } from "./request_document.ts";
import type { ReplyStreams } from "../streams/reply_streams.ts";

/** What {@link trackedWay} needs. */
export interface TrackedDeps extends AcceptDeps, CancelDeps {
  readonly inbox: ReplyInbox;
  readonly streams: ReplyStreams;
  readonly spools: Spools;
}

/**
 * The way of a request whose state and response are kept: its caller waits as long as it likes, and
 * the request goes on without it.
 */
export async function trackedWay(
  deps: TrackedDeps,
  intake: Intake,
  caller: Request,
): Promise<Response> {
  const { id, service, order, delayMs } = intake;
  const { inbox } = deps;
  const now = Date.now();
  const claim = order.idempotencyKey === undefined ? undefined : claimOf({
    ...intake.request,
    ...(intake.digest ? { body: intake.digest } : {}),
    key: order.idempotencyKey,
    service,
    credentials: caller.headers.get("authorization"),
  });
  const entry: NewRequest = {
    id,
    service,
    ...(delayMs > 0 ? { dueAt: now + delayMs } : {}),
    ...(order.timeoutMs === undefined ? {} : { deadline: now + order.timeoutMs }),
    ...(claim === undefined ? {} : { claim }),
  };
  const waits = order.waitMs > 0;
  if (waits) inbox.checkDeclared();
  const reply = waits ? inbox.expect(id, now + order.waitMs) : undefined;
  // Whoever fails it tells its caller by other means.
  reply?.catch(() => {});
  let taken: RequestRecord | undefined;
  try {
    taken = await acceptRequest(
      deps,
      entry,
      {
        ...intake.request,
        takesSpool: true,
        ...(waits ? { replyTo: inbox.queue } : {}),
      },
      delayMs,
      () => intake.mayBeQueued = true,
    );
  } catch (error) {
    inbox.fail(id, error);
    throw error;
  }
  if (taken) {
    inbox.fail(id, new Error("another request has its key"));
    return await repeatedWay(deps, order, claim, taken);
  }
  const got = reply && await waitFor(deps, intake, reply, caller);
  // It is kept, so that whoever does not get all of it can ask for it again.
  if (got) return answer(deps, got, caller, () => {});
  if (order.later) return accepted(queued(entry, now), order.respondAsync);
  throw new Problem("timeout", {
    detail: `no response came within ${order.waitMs} ms; the request goes on: its state is at ` +
      `${requestPath(id)}, and the same Idempotency-Key gets its response`,
  });
}

/**
 * The reply; undefined if none came in time, or if the enqueuer is about to stop and the response can
 * be fetched later.
 */
async function waitFor(
  deps: TrackedDeps,
  { id, service, order }: Intake,
  reply: Promise<Message | undefined>,
  caller: Request,
): Promise<Message | undefined> {
  const { inbox } = deps;
  using _ = onHangUp(caller, () => {
    if (!inbox.fail(id, new CallerGoneError())) return;
    if (comesBack(order)) deps.metrics.disconnected(service);
    else void cancelRequest(deps, service, { id, reason: "disconnect" });
  });
  try {
    return await reply;
  } catch (error) {
    if (error instanceof CallerGoneError || !order.later) throw error;
    return undefined;
  }
}

function queued({ claim: _, ...entry }: NewRequest, now: number): RequestRecord {
  return {
    ...entry,
    state: "queued",
    run: 0,
    attempt: 0,
    createdAt: now,
    updatedAt: now,
    confirmed: true,
  };
}
