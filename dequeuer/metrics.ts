import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type FlushReason, flushReasons } from "./batcher.ts";
import type { BreakerState } from "./breaker.ts";
import { latencyBuckets } from "../shared/metrics.ts";
import type { StreamEnd } from "./streams/streamer.ts";

/** What the dequeuer counts, for its one service. */
export interface DequeuerMetrics {
  readonly registry: Registry;
  /** Counts a delivery that was settled, or lost before it could be. */
  processed(outcome: ProcessedOutcome, seconds: number): void;
  /** Observes how long a request waited until it was delivered. */
  waited(seconds: number): void;
  /** Counts a batch, before it is sent. */
  batched(items: number, waitMs: number, reason: FlushReason): void;
  /** Counts a frame of a stream. */
  framed(): void;
  /** Counts a stream by how it ended. */
  streamEnded(end: StreamEnd): void;
  /** Counts a reply that nobody waited for. */
  replyDropped(): void;
}

const outcomes = [
  "answered",
  "streamed",
  "retry",
  "dead",
  "broken-off",
  "expired",
  "cancelled",
  "postponed",
  "released",
  "lost",
] as const;

/** How the processing of a delivery ended. */
export type ProcessedOutcome = (typeof outcomes)[number];

/** What is measured at the time of a scrape. */
export interface DequeuerState {
  /** How many calls to the microservice are under way. */
  readonly inFlight: () => number;
  /** How many responses are being passed on as they come. */
  readonly openStreams: () => number;
  readonly breaker: () => BreakerState;
  /** How many calls may be under way at once. */
  readonly concurrency: () => number;
  /** How many requests may be in a batch; 1 where there are none. */
  readonly batchSize: () => number;
  /** How many deliveries may be held; 0 while nothing is consumed. */
  readonly prefetch: () => number;
}

/** Bounds of the histogram of batch sizes. */
const sizeBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

const breakerStates: readonly BreakerState[] = ["closed", "half-open", "open"];

/** Makes the metrics of a dequeuer for one service. */
export function createMetrics(
  service: string,
  { inFlight, openStreams, breaker, concurrency, batchSize, prefetch }: DequeuerState,
): DequeuerMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  const registers = [registry];
  const processed = new Counter({
    name: "dequeuer_processed_total",
    help: "Deliveries by what became of them.",
    labelNames: ["outcome"],
    registers,
  });
  const latency = new Histogram({
    name: "dequeuer_processing_latency_seconds",
    help: "Time from a request's delivery to its settling.",
    buckets: [...latencyBuckets],
    registers,
  });
  const queueLatency = new Histogram({
    name: "dequeuer_queue_latency_seconds",
    help: "Time from a request's acceptance to its delivery.",
    buckets: [...latencyBuckets],
    registers,
  });
  const dropped = new Counter({
    name: "dequeuer_replies_dropped_total",
    help: "Replies that nobody waited for any more.",
    registers,
  });
  const frames = new Counter({
    name: "dequeuer_stream_frames_total",
    help: "Frames of responses that were passed on as they came.",
    registers,
  });
  const streams = new Counter({
    name: "dequeuer_streams_total",
    help: "Responses that were passed on as they came, by how they ended.",
    labelNames: ["end"],
    registers,
  });
  new Gauge({
    name: "dequeuer_streams_open",
    help: "Responses that are being passed on as they come.",
    registers,
    collect() {
      this.set(openStreams());
    },
  });
  const batches = new Counter({
    name: "dequeuer_batches_total",
    help: "Batches by why they were flushed.",
    labelNames: ["reason"],
    registers,
  });
  const batchItems = new Histogram({
    name: "dequeuer_batch_size",
    help: "Requests in a batch.",
    buckets: sizeBuckets,
    registers,
  });
  const batchWait = new Histogram({
    name: "dequeuer_batch_wait_seconds",
    help: "How long the first request of a batch waited until it was flushed.",
    buckets: [...latencyBuckets],
    registers,
  });
  new Gauge({
    name: "dequeuer_concurrency_limit",
    help: "How many calls to the microservice may be under way at once.",
    registers,
    collect() {
      this.set(concurrency());
    },
  });
  new Gauge({
    name: "dequeuer_batch_size_limit",
    help: "How many requests may be in a batch.",
    registers,
    collect() {
      this.set(batchSize());
    },
  });
  new Gauge({
    name: "dequeuer_in_flight",
    help: "Calls to the microservice that are under way.",
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  new Gauge({
    name: "dequeuer_breaker_state",
    help: "The circuit breaker: 0 closed, 1 half-open, 2 open.",
    registers,
    collect() {
      this.set(breakerStates.indexOf(breaker()));
    },
  });
  new Gauge({
    name: "dequeuer_prefetch",
    help: "How many deliveries may be held; 0 while nothing is consumed.",
    registers,
    collect() {
      this.set(prefetch());
    },
  });
  const counters = new Map(outcomes.map((outcome) => [outcome, processed.labels(outcome)]));
  const flushes = new Map(flushReasons.map((reason) => [reason, batches.labels(reason)]));
  return {
    registry,
    batched(items, waitMs, reason) {
      flushes.get(reason)?.inc();
      batchItems.observe(items);
      batchWait.observe(waitMs / 1000);
    },
    processed(outcome, seconds) {
      counters.get(outcome)?.inc();
      latency.observe(seconds);
    },
    framed: () => frames.inc(),
    streamEnded: (end) => streams.labels(end).inc(),
    waited: (seconds) => queueLatency.observe(seconds),
    replyDropped: () => dropped.inc(),
  };
}
