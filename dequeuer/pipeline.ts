import type { Broker, Delivery, Settlement } from "../shared/broker/broker.ts";
import { BrokerError } from "../shared/broker/errors.ts";
import { logger } from "../shared/log.ts";
import { decodeRequest, EnvelopeError, type QueuedRequest } from "../shared/message/envelope.ts";
import { lastResponseHeaders, withFailedAttempt } from "../shared/message/history.ts";
import { requestIdTime } from "../shared/message/request_id.ts";
import type { Forwarder } from "./forwarder.ts";
import type { DequeuerMetrics, ProcessedOutcome } from "./metrics.ts";
import { decide, type Outcome, problemResponse, type RetryPolicy } from "./outcome.ts";
import type { Replier } from "./replier.ts";

const log = logger("pipeline");

/** What the pipeline is made of. */
export interface PipelineDeps {
  readonly broker: Broker;
  readonly forwarder: Forwarder;
  readonly replier: Replier;
  readonly metrics: DequeuerMetrics;
  readonly retry: RetryPolicy;
}

/**
 * Consumes a service's queue until the signal aborts: forward, decide, reply, settle. The
 * prefetch bounds how many deliveries are worked on at once. Resolves when the last one that was
 * taken is settled.
 */
export async function runPipeline(
  deps: PipelineDeps,
  queue: string,
  options: { readonly concurrency: number; readonly signal: AbortSignal },
): Promise<void> {
  const { concurrency: prefetch, signal } = options;
  const inFlight = new Set<Promise<void>>();
  for await (const delivery of deps.broker.consume(queue, { prefetch, signal })) {
    const work = process(deps, delivery).finally(() => inFlight.delete(work));
    inFlight.add(work);
  }
  await Promise.all(inFlight);
}

async function process(deps: PipelineDeps, delivery: Delivery): Promise<void> {
  const start = performance.now();
  let outcome: ProcessedOutcome;
  try {
    outcome = await handle(deps, delivery);
  } catch (error) {
    outcome = "lost";
    const requestId = delivery.message.correlationId;
    if (error instanceof BrokerError) {
      log.warn("request {requestId} comes again: {error}", { requestId, error: error.message });
    } else {
      log.error("request {requestId} failed: {error}", { requestId, error });
      await deps.broker.settle([{ kind: "release", delivery }]).catch(() => {});
    }
  }
  deps.metrics.processed(outcome, (performance.now() - start) / 1000);
}

async function handle(
  { broker, forwarder, replier, metrics, retry }: PipelineDeps,
  delivery: Delivery,
): Promise<ProcessedOutcome> {
  const { message } = delivery;
  observeWait(metrics, message.correlationId);
  let request: QueuedRequest | undefined;
  let outcome: Outcome;
  try {
    request = decodeRequest(message);
    if (request.deadline !== undefined && request.deadline <= Date.now()) {
      await broker.settle([{ kind: "dead", delivery, reason: "expired" }]);
      return "expired";
    }
    outcome = await attempt(forwarder, retry, delivery, request);
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
  if ("response" in outcome && message.replyTo !== undefined) {
    await replier.reply({
      replyTo: message.replyTo,
      id: message.correlationId,
      ...(request?.deadline === undefined ? {} : { deadline: request.deadline }),
    }, outcome.response);
  }
  await broker.settle([settlement(delivery, outcome)]);
  return outcome.kind;
}

async function attempt(
  forwarder: Forwarder,
  retry: RetryPolicy,
  delivery: Delivery,
  request: QueuedRequest,
): Promise<Outcome> {
  // A delivery that was never settled counts: whatever held it may have died of it.
  const attempt = delivery.attempt + delivery.redeliveries;
  if (attempt > retry.maxAttempts) {
    const failure = `delivered ${attempt} times and never settled`;
    return {
      kind: "dead",
      reason: "redelivered",
      failure,
      response: problemResponse("upstream-unreachable", failure, request.id),
    };
  }
  const result = await forwarder.forward(request, attempt);
  return decide(result, retry, {
    requestId: request.id,
    attempt,
    deadline: request.deadline,
    now: Date.now(),
    random: Math.random(),
  });
}

function settlement(delivery: Delivery, outcome: Outcome): Settlement {
  switch (outcome.kind) {
    case "answered":
      return { kind: "ack", delivery };
    case "retry": {
      const { delayMs, failure } = outcome;
      const headers = withFailedAttempt(delivery.message, { at: Date.now(), failure });
      return { kind: "retry", delivery, delayMs, headers };
    }
    case "dead": {
      const { reason, failure, response } = outcome;
      const headers = {
        ...withFailedAttempt(delivery.message, { at: Date.now(), failure }),
        ...lastResponseHeaders(response),
      };
      return { kind: "dead", delivery, reason, headers };
    }
    case "released":
      return { kind: "release", delivery };
  }
}

function observeWait(metrics: DequeuerMetrics, requestId: string | undefined): void {
  const accepted = requestId === undefined ? undefined : requestIdTime(requestId);
  if (accepted !== undefined) metrics.waited(Math.max(0, Date.now() - accepted) / 1000);
}
