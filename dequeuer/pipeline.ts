import type { Delivery, Message } from "../shared/broker/broker.ts";
import { BrokerError, BrokerUnavailableError } from "../shared/broker/errors.ts";
import { logger } from "../shared/log.ts";
import { REPLAYS } from "../shared/dead_letters/replayed.ts";
import { requestIdTime } from "../shared/message/request_id.ts";
import type { Gate } from "./gate.ts";
import { handle, type HandleDeps } from "./handle.ts";
import type { DequeuerMetrics, ProcessedOutcome } from "./metrics.ts";

const log = logger("pipeline");

/** How long nothing is consumed after the broker did not take a reply or a settlement. */
const brokerPauseMs = 1_000;

/** What the pipeline is made of. */
export interface PipelineDeps extends HandleDeps {
  readonly gate: Gate;
  readonly metrics: DequeuerMetrics;
}

/**
 * Consumes a service's queue whenever the gate is open, until the signal aborts. The prefetch
 * bounds how many deliveries are worked on at once. Resolves when the last one that was taken is
 * settled.
 */
export async function runPipeline(
  deps: PipelineDeps,
  queue: string,
  signal: AbortSignal,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  while (!signal.aborted) {
    const opening = await deps.gate.opening(signal).catch(() => undefined);
    if (!opening) break;
    for await (const delivery of deps.broker.consume(queue, opening)) {
      const work = process(deps, delivery).finally(() => inFlight.delete(work));
      inFlight.add(work);
    }
  }
  deps.calls.drain();
  await Promise.all(inFlight);
}

async function process(deps: PipelineDeps, delivery: Delivery): Promise<void> {
  const start = performance.now();
  observeWait(deps.metrics, delivery.message);
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
    }
    if (error instanceof BrokerUnavailableError) {
      // It would come again at once, only to fail again.
      deps.gate.close("broker", brokerPauseMs, error.message);
    }
    // What is no longer ours comes again anyway.
    await deps.broker.settle([{ kind: "release", delivery }]).catch(() => {});
  }
  deps.metrics.processed(outcome, (performance.now() - start) / 1000);
}

function observeWait(metrics: DequeuerMetrics, { correlationId, headers }: Message): void {
  // A replayed request has its old id, and was not waiting all that time.
  if (correlationId === undefined || headers[REPLAYS] !== undefined) return;
  const accepted = requestIdTime(correlationId);
  if (accepted !== undefined) metrics.waited(Math.max(0, Date.now() - accepted) / 1000);
}
