import { openBroker } from "../shared/broker/open.ts";
import { statusLog } from "../shared/broker/status_log.ts";
import { brokerUrl, resultsUrl } from "../shared/config/common.ts";
import { logger } from "../shared/log.ts";
import { addProcessMetrics } from "../shared/metrics.ts";
import { openResults } from "../shared/results/open.ts";
import { serve, type Server } from "../shared/http/server/server.ts";
import { creditType } from "../shared/message/credit.ts";
import { cancelBroadcast, deadLetterQueue, requestQueue } from "../shared/service_name.ts";
import { spoolFromBytes } from "../shared/spool/spool_store.ts";
import { spoolMetrics } from "../shared/spool/spool_metrics.ts";
import { Spools } from "../shared/spool/spools.ts";
import { createApp } from "./app.ts";
import { BatchCalls } from "./batches/batch_calls.ts";
import { Breaker } from "./breaker.ts";
import { CallbackPublisher } from "./callback_publisher.ts";
import { Cancellations } from "./cancellations.ts";
import type { DequeuerConfig } from "./config.ts";
import { ControlQueue } from "./control_queue.ts";
import { Dedupe } from "./dedupe.ts";
import { bindingsOf } from "./events.ts";
import { Forwarder } from "./forwarder.ts";
import { Gate } from "./gate.ts";
import { Limits } from "./limits.ts";
import { longJobRemark } from "./long_jobs.ts";
import { createMetrics } from "./metrics.ts";
import type { RetryPolicy } from "./outcome.ts";
import { runPipeline } from "./pipeline.ts";
import { Recorder } from "./recorder.ts";
import { Replier } from "./replier.ts";
import { SingleCalls } from "./single_calls.ts";
import type { ReadSpooled } from "./spools/request_body.ts";
import { ResponseSpooler } from "./spools/response_spooler.ts";
import { Streamer } from "./streams/streamer.ts";
import { TargetHealth } from "./target_health.ts";
import { Upstream } from "./upstream.ts";

const log = logger("dequeuer");

/** Of a request that no enqueuer has entered, milliseconds. */
const recordedTtlMs = 3_600_000;
/** The most connections to the microservice where it is to be found how many calls are best. */
const mostConnections = 512;

/** A running dequeuer. */
export interface Dequeuer {
  readonly server: Server;
  /** Resolves when it first consumes. */
  readonly ready: Promise<void>;
  /** Resolves when it is closed; rejects when it cannot go on. */
  readonly done: Promise<void>;
  /**
   * Stops consuming, waits for what is in flight until the signal aborts, releases the rest to
   * the queue, and closes.
   */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * Starts a dequeuer: health and metrics answer at once, and it consumes when the broker is there.
 * @throws when it cannot listen.
 */
export async function startDequeuer(config: DequeuerConfig): Promise<Dequeuer> {
  const service = config.DEQUEUER_SERVICE;
  const queue = requestQueue(service);
  const stop = new AbortController();
  const broker = await openBroker(brokerUrl(config), {
    name: `proxymq-dequeuer ${service}`,
    onStatus: statusLog(log, stop.signal),
  });
  const results = await openResults(broker, resultsUrl(config), {
    name: `proxymq-dequeuer ${service} results`,
    ttlMs: recordedTtlMs,
    lookUps: false,
  });
  const recorder = new Recorder(results.store, service);
  const remark = longJobRemark(config.DEQUEUER_TIMEOUT, broker.capabilities);
  if (remark) log.warn("{remark}", { remark });
  const [concurrency, batchSize] = [config.DEQUEUER_CONCURRENCY, config.DEQUEUER_BATCH_SIZE];
  const limits = new Limits({
    concurrency,
    batchSize,
    onPrefetch: (prefetch) => gate.resize(prefetch),
  });
  const retry: RetryPolicy = {
    maxAttempts: config.DEQUEUER_MAX_ATTEMPTS,
    statuses: new Set(config.DEQUEUER_RETRY_STATUSES.map(Number)),
    backoff: { baseMs: config.DEQUEUER_RETRY_BASE, maxMs: config.DEQUEUER_RETRY_MAX },
  };
  const maxBodyBytes = config.DEQUEUER_MAX_BODY_BYTES;
  const upstream = new Upstream(config.DEQUEUER_TARGET_URL, {
    connections: concurrency === "auto" ? mostConnections : concurrency,
    maxBodyBytes,
    streams: {
      // What is too large to be collected can still be passed on.
      thresholdBytes: Math.min(config.DEQUEUER_STREAM_THRESHOLD, maxBodyBytes),
      retryStatuses: retry.statuses,
    },
    spools: {
      thresholdBytes: Math.min(spoolFromBytes, maxBodyBytes),
      retryStatuses: retry.statuses,
    },
  });
  const readSpooled: ReadSpooled = (id, from, signal) => spools.read(id, from, signal);
  const forwarder = new Forwarder(upstream, config.DEQUEUER_TIMEOUT, readSpooled);
  const cancellations = new Cancellations({
    onDisconnect: config.DEQUEUER_ON_DISCONNECT,
    onCancel: (id) => calls.cancel(id),
    onLeft: (id) => streamer.leave(id),
  });
  const control = new ControlQueue((message) => {
    if (message.type === creditType) streamer.hear(message);
    else cancellations.hear(message);
  });
  const dedupeMs = config.DEQUEUER_DEDUPE;
  const dedupe = dedupeMs === undefined ? undefined : new Dedupe(dedupeMs);
  const gate = new Gate(limits.prefetch);
  const breaker = new Breaker(gate, {
    failures: config.DEQUEUER_BREAKER_FAILURES,
    failureRate: config.DEQUEUER_BREAKER_RATE / 100,
    openMs: config.DEQUEUER_BREAKER_OPEN,
  });
  const metrics = createMetrics(service, {
    inFlight: () => forwarder.inFlight,
    openStreams: () => streamer.open,
    breaker: () => breaker.state,
    concurrency: () => limits.concurrency,
    batchSize: () => limits.batchSize,
    prefetch: () => gate.prefetch,
  });
  addProcessMetrics(metrics.registry, () => broker.status);
  const spools = new Spools(broker, spoolMetrics(metrics.registry));
  const replier = new Replier(broker, () => metrics.replyDropped());
  const callbacks = new CallbackPublisher(broker, service, readSpooled);
  const healthUrl = config.DEQUEUER_TARGET_HEALTH_URL;
  const targetHealth = healthUrl && new TargetHealth(gate, healthUrl);
  const streamer = new Streamer({
    broker,
    forwarder,
    onDisconnect: config.DEQUEUER_ON_DISCONNECT,
    creditTo: () => control.queue,
    onFrame: metrics.framed,
    onEnd: metrics.streamEnded,
  });
  const spooler = new ResponseSpooler({ spools, forwarder, recorder, replier });
  const calls = batchSize === 1
    ? new SingleCalls({
      forwarder,
      breaker,
      cancellations,
      limits: limits.adaptive ? limits : undefined,
      streams: (request) =>
        spooler.takes(request) ? "spool" : streamer.takes(request) ? "requester" : undefined,
    })
    : new BatchCalls(
      {
        forwarder,
        breaker,
        cancellations,
        limits,
        queue,
        onFlush: metrics.batched,
        readSpooled,
      },
      {
        maxBytes: config.DEQUEUER_BATCH_MAX_BYTES,
        lingerMs: config.DEQUEUER_BATCH_LINGER_MS,
        path: config.DEQUEUER_BATCH_PATH,
        format: config.DEQUEUER_BATCH_FORMAT,
        keyHeader: config.DEQUEUER_BATCH_KEY_HEADER?.toLowerCase(),
        retryStatuses: retry.statuses,
        timeoutMs: config.DEQUEUER_TIMEOUT,
      },
    );
  let declared = false;
  const app = createApp({
    registry: metrics.registry,
    readiness: () => ({
      ready: broker.status.connected && declared && !stop.signal.aborted,
      checks: {
        broker: broker.status.detail,
        ...(results.broker === broker ? {} : { results: results.broker.status.detail }),
        queue: declared ? `${queue} declared` : `${queue} not declared yet`,
        breaker: breaker.state,
        ...gate.reasons,
        ...(stop.signal.aborted ? { shutdown: "draining" } : {}),
      },
    }),
  });
  const server = await serve((request) => app.fetch(request), {
    hostname: config.DEQUEUER_HOST,
    port: config.DEQUEUER_PORT,
  });
  log.info("health and metrics on {url}", { url: server.url });

  control.start(broker, [cancelBroadcast(service)]);
  cancellations.start(results.store);
  const { signal } = stop;
  const ready = broker
    .declare({
      kind: "work",
      name: queue,
      deadLetterQueue: deadLetterQueue(service),
      ...bindingsOf(config.DEQUEUER_TOPICS),
    }, { signal })
    .then(() => Promise.all([cancellations.known(signal), control.tried(signal)]))
    .then(() => {
      declared = true;
      log.info("consuming {queue} for {target}, {concurrency} at once, {batchSize} in a call", {
        queue,
        target: config.DEQUEUER_TARGET_URL.href,
        concurrency,
        batchSize,
      });
    });
  const pipeline = ready.then(() =>
    runPipeline(
      {
        broker,
        calls,
        cancellations,
        dedupe,
        recorder,
        replier,
        streamer,
        spooler,
        spools,
        callbacks,
        metrics,
        retry,
        eventsPath: config.DEQUEUER_EVENTS_PATH,
        gate,
      },
      queue,
      signal,
    )
  );
  const closed = Promise.withResolvers<void>();
  const done = pipeline.then(() => closed.promise);
  // Whoever does not wait for `done` has not asked for its failure.
  done.catch(() => {});
  return {
    server,
    ready,
    done,
    async close(deadline) {
      const cut = () => {
        calls.stop();
        recorder.stop();
        replier.stop();
        streamer.stop();
        spools.stop();
        callbacks.stop();
      };
      deadline.addEventListener("abort", cut, { once: true });
      stop.abort();
      if (deadline.aborted) cut();
      await pipeline.catch(() => {});
      await replier.idle();
      deadline.removeEventListener("abort", cut);
      await control[Symbol.asyncDispose]();
      await cancellations[Symbol.asyncDispose]();
      targetHealth?.[Symbol.dispose]();
      breaker[Symbol.dispose]();
      gate[Symbol.dispose]();
      await calls[Symbol.asyncDispose]();
      forwarder[Symbol.dispose]();
      recorder[Symbol.dispose]();
      replier[Symbol.dispose]();
      streamer[Symbol.dispose]();
      callbacks[Symbol.dispose]();
      await upstream[Symbol.asyncDispose]();
      await spools[Symbol.asyncDispose]();
      await results[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
      await server.close(AbortSignal.timeout(1_000));
      closed.resolve();
    },
  };
}
