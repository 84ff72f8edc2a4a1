import type { Broker, Delivery, Settlement } from "../shared/broker/broker.ts";
import { BrokerError } from "../shared/broker/errors.ts";
import { logger } from "../shared/log.ts";
import { decodeRequest, EnvelopeError, type QueuedRequest } from "../shared/message/envelope.ts";
import { requestIdTime } from "../shared/message/request_id.ts";
import type { Forwarder } from "./forwarder.ts";
import type { DequeuerMetrics, ProcessedOutcome } from "./metrics.ts";
import { decide, type Outcome, problemResponse } from "./outcome.ts";
import type { Replier } from "./replier.ts";

const log = logger("pipeline");

/** What the pipeline is made of. */
export interface PipelineDeps {
  readonly broker: Broker;
  readonly forwarder: Forwarder;
  readonly replier: Replier;
  readonly metrics: DequeuerMetrics;
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
  { broker, forwarder, replier, metrics }: PipelineDeps,
  delivery: Delivery,
): Promise<ProcessedOutcome> {
  const { message, attempt } = delivery;
  observeWait(metrics, message.correlationId);
  let request: QueuedRequest | undefined;
  let outcome: Outcome;
  try {
    request = decodeRequest(message);
    if (request.deadline !== undefined && request.deadline <= Date.now()) {
      await broker.settle([{ kind: "dead", delivery, reason: "expired" }]);
      return "expired";
    }
    outcome = decide(await forwarder.forward(request, attempt), request.id);
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    outcome = {
      kind: "dead",
      reason: `invalid: ${error.message}`,
      response: problemResponse("bad-request", error.message, message.correlationId),
    };
  }
  if (outcome.kind === "dead") {
    log.warn("request {requestId} becomes a dead letter: {reason}", {
      requestId: message.correlationId,
      reason: outcome.reason,
      attempt,
    });
  }
  if (outcome.kind !== "released" && message.replyTo !== undefined) {
    await replier.reply({
      replyTo: message.replyTo,
      id: message.correlationId,
      ...(request?.deadline === undefined ? {} : { deadline: request.deadline }),
    }, outcome.response);
  }
  await broker.settle([settlement(delivery, outcome)]);
  return outcome.kind;
}

function settlement(delivery: Delivery, outcome: Outcome): Settlement {
  switch (outcome.kind) {
    case "answered":
      return { kind: "ack", delivery };
    case "dead":
      return { kind: "dead", delivery, reason: outcome.reason };
    case "released":
      return { kind: "release", delivery };
  }
}

function observeWait(metrics: DequeuerMetrics, requestId: string | undefined): void {
  const accepted = requestId === undefined ? undefined : requestIdTime(requestId);
  if (accepted !== undefined) metrics.waited(Math.max(0, Date.now() - accepted) / 1000);
}
