import type { Broker, Delivery } from "../shared/broker/broker.ts";
import { logger } from "../shared/log.ts";
import { decodeRequest, EnvelopeError, type QueuedRequest } from "../shared/message/envelope.ts";
import type { Spools } from "../shared/spool/spools.ts";
import type { CallbackPublisher } from "./callback_publisher.ts";
import type { Calls } from "./calls.ts";
import type { Cancellations } from "./cancellations.ts";
import type { Dedupe } from "./dedupe.ts";
import { addressed } from "./events.ts";
import { remainingMs } from "./forwarder.ts";
import type { ProcessedOutcome } from "./metrics.ts";
import { decide, type Outcome, problemResponse, type RetryPolicy } from "./outcome.ts";
import type { Recorder } from "./recorder.ts";
import type { Replier } from "./replier.ts";
import { settlementOf } from "./settlement.ts";
import type { ResponseSpooler } from "./spools/response_spooler.ts";
import type { Streamer } from "./streams/streamer.ts";

const log = logger("pipeline");

/** What the way of a delivery needs. */
export interface HandleDeps {
  readonly broker: Broker;
  readonly calls: Calls;
  readonly cancellations: Cancellations;
  /** Without it a request that comes twice is run twice. */
  readonly dedupe?: Dedupe | undefined;
  readonly recorder: Recorder;
  readonly replier: Replier;
  readonly streamer: Streamer;
  readonly spooler: ResponseSpooler;
  readonly spools: Pick<Spools, "delete">;
  readonly callbacks: CallbackPublisher;
  readonly retry: RetryPolicy;
  /** Where the microservice takes events. */
  readonly eventsPath: string;
}

/**
 * The way of one delivery: forward, decide, record, reply, call back, settle.
 * @throws {BrokerError} it could not be replied to or settled, and comes again.
 */
export async function handle(deps: HandleDeps, delivery: Delivery): Promise<ProcessedOutcome> {
  const { broker, recorder, replier } = deps;
  const { message } = delivery;
  let request: QueuedRequest | undefined;
  let outcome: Outcome;
  try {
    request = addressed(decodeRequest(message), deps.eventsPath);
    outcome = notWanted(deps, request) ?? await once(deps, delivery, request);
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    outcome = {
      kind: "dead",
      reason: `invalid: ${error.message}`,
      failure: error.message,
      response: problemResponse("bad-request", error.message, message.correlationId),
    };
  }
  if ("failure" in outcome) {
    log.warn("request {requestId}: {outcome} after {failure}", {
      requestId: message.correlationId,
      outcome: outcome.kind,
      failure: outcome.failure,
      attempt: delivery.attempt + delivery.redeliveries,
    });
  }
  if (request) await recorder.record(request, delivery, outcome);
  const replied = outcome.kind === "answered" && outcome.replied === true;
  if ("response" in outcome && message.replyTo !== undefined && !replied) {
    await replier.reply({
      replyTo: message.replyTo,
      id: message.correlationId,
      ...(request?.deadline === undefined ? {} : { deadline: request.deadline }),
    }, outcome.response);
  }
  if (request) await deps.callbacks.publish(message, request, outcome);
  const settlement = settlementOf(delivery, outcome);
  await broker.settle([settlement]);
  // A retry reads it again, and a dead letter may be replayed.
  if (request?.spooled && settlement.kind === "ack") deps.spools.delete(request.spooled.spool);
  return outcome.kind;
}

/** What becomes of a request that nobody waits for. */
function notWanted({ cancellations }: HandleDeps, request: QueuedRequest): Outcome | undefined {
  if (cancellations.has(request.id)) return { kind: "cancelled" };
  if (remainingMs(request, Date.now()) <= 0) return { kind: "expired" };
  return undefined;
}

function once(deps: HandleDeps, delivery: Delivery, request: QueuedRequest): Promise<Outcome> {
  const run = () => attempt(deps, delivery, request);
  return deps.dedupe && request.id !== undefined ? deps.dedupe.run(request.id, run) : run();
}

async function attempt(
  { calls, recorder, retry, spooler, streamer }: HandleDeps,
  delivery: Delivery,
  request: QueuedRequest,
): Promise<Outcome> {
  // A delivery that was never settled counts: whatever held it may have died of it.
  const attempt = delivery.attempt + delivery.redeliveries;
  if (delivery.redeliveries > retry.maxAttempts) {
    const failure = `delivered ${delivery.redeliveries} times and never settled`;
    return {
      kind: "dead",
      reason: "redelivered",
      failure,
      response: problemResponse("upstream-unreachable", failure, request.id),
    };
  }
  const onForward = () => recorder.processing(request, delivery);
  const call = await calls.call(request, attempt, onForward);
  if (!call) return { kind: "postponed" };
  const result = call.result.kind !== "streaming"
    ? call.result
    : spooler.takes(request)
    ? await spooler.pass(request, delivery, call.result.stream)
    : await streamer.pass(request, call.result.stream);
  return decide(result, retry, {
    requestId: request.id,
    isEvent: request.topic !== undefined,
    attempt: delivery.attempt,
    countsAttempt: call.countsAttempt,
    deadline: request.deadline,
    now: Date.now(),
    random: Math.random(),
  });
}
