import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { latencyBuckets } from "../shared/metrics.ts";
import type { CallbackEnd } from "./callbacks/worker.ts";
import type { StreamEnd } from "./streams/incoming_stream.ts";

/** What the enqueuer counts. */
export interface EnqueuerMetrics {
  readonly registry: Registry;
  /**
   * Counts a request that was answered.
   * @param service undefined where no such service exists, so that callers cannot invent labels.
   */
  answered(service: string | undefined, method: string, status: number, seconds: number): void;
  /**
   * Counts a caller that hung up before its response.
   * @param service undefined where its request was not taken.
   */
  disconnected(service: string | undefined): void;
  /** Counts a reply that nobody waited for. */
  replyDropped(): void;
  /** Counts a response that arrived in frames, by how it ended. */
  streamEnded(end: StreamEnd): void;
  /**
   * Counts published events.
   * @param unbound how many of them no service is bound to.
   */
  published(events: number, unbound: number): void;
  /** Counts a callback by how its delivery ended. */
  callbackEnded(end: CallbackEnd): void;
}

const knownMethods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** What is measured at the time of a scrape. */
export interface EnqueuerState {
  /** How many callers wait. */
  readonly waiting: () => number;
  /** How many responses are arriving in frames. */
  readonly openStreams: () => number;
}

/** Makes the metrics of an enqueuer. */
export function createMetrics({ waiting, openStreams }: EnqueuerState): EnqueuerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "enqueuer_requests_total",
    help: "Requests for a service that were answered, by the status of the response.",
    labelNames: ["service", "method", "status"],
    registers,
  });
  const latency = new Histogram({
    name: "enqueuer_request_latency_seconds",
    help: "Time from a request's arrival to its response.",
    labelNames: ["service"],
    buckets: [...latencyBuckets],
    registers,
  });
  const disconnects = new Counter({
    name: "enqueuer_disconnects_total",
    help: "Callers that hung up before their response.",
    labelNames: ["service"],
    registers,
  });
  const dropped = new Counter({
    name: "enqueuer_replies_dropped_total",
    help: "Replies that nobody waited for any more.",
    registers,
  });
  const events = new Counter({
    name: "enqueuer_events_total",
    help: "Events that were published.",
    registers,
  });
  const unboundEvents = new Counter({
    name: "enqueuer_events_unbound_total",
    help: "Events that were published to a topic that no service was bound to.",
    registers,
  });
  const callbacks = new Counter({
    name: "enqueuer_callbacks_total",
    help: "Deliveries of callbacks by what became of them.",
    labelNames: ["outcome"],
    registers,
  });
  new Gauge({
    name: "enqueuer_waiting_callers",
    help: "Callers that wait for a response.",
    registers,
    collect() {
      this.set(waiting());
    },
  });
  new Gauge({
    name: "enqueuer_streams_open",
    help: "Responses that are being passed on as they arrive.",
    registers,
    collect() {
      this.set(openStreams());
    },
  });
  const streams = new Counter({
    name: "enqueuer_streams_total",
    help: "Responses that were passed on as they arrived, by how they ended.",
    labelNames: ["end"],
    registers,
  });
  const countersByKey = new Map<string, ReturnType<typeof requests.labels>>();
  const latencyByService = new Map<string, ReturnType<typeof latency.labels>>();
  return {
    registry,
    answered(service = "(none)", method, status, seconds) {
      const key = `${status} ${method} ${service}`;
      let counter = countersByKey.get(key);
      if (!counter) {
        const label = knownMethods.has(method) ? method : "OTHER";
        counter = requests.labels(service, label, String(status));
        if (label === method) countersByKey.set(key, counter);
      }
      counter.inc();
      let histogram = latencyByService.get(service);
      if (!histogram) latencyByService.set(service, histogram = latency.labels(service));
      histogram.observe(seconds);
    },
    disconnected: (service = "(none)") => disconnects.labels(service).inc(),
    replyDropped: () => dropped.inc(),
    streamEnded: (end) => streams.labels(end).inc(),
    published(count, unbound) {
      events.inc(count);
      unboundEvents.inc(unbound);
    },
    callbackEnded: (outcome) => callbacks.labels(outcome).inc(),
  };
}
