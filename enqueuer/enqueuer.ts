import { v4 as uuidv4 } from "uuid";
import type { Broker } from "../shared/broker/broker.ts";
import { openBroker } from "../shared/broker/open.ts";
import { statusLog } from "../shared/broker/status_log.ts";
import { brokerUrl, resultsUrl } from "../shared/config/common.ts";
import { logger } from "../shared/log.ts";
import { addProcessMetrics } from "../shared/metrics.ts";
import { openResults } from "../shared/results/open.ts";
import type { Wire } from "../shared/http/server/incoming.ts";
import { toWeb } from "../shared/http/server/ready_response.ts";
import { serve, type Server } from "../shared/http/server/server.ts";
import { deadLetterQueue, requestQueue } from "../shared/service_name.ts";
import { spoolMetrics } from "../shared/spool/spool_metrics.ts";
import { Spools } from "../shared/spool/spools.ts";
import { createApp } from "./app.ts";
import { type Callbacks, openCallbacks } from "./callbacks/callbacks.ts";
import { callbackSettings } from "./callbacks/settings.ts";
import type { EnqueuerConfig } from "./config.ts";
import { KnownServices } from "./queues/known_services.ts";
import { createMetrics } from "./metrics.ts";
import { ReplyInbox } from "./reply_inbox.ts";
import { SpoolSweeper } from "./spools/sweeper.ts";
import { ReplyStreams } from "./streams/reply_streams.ts";

const log = logger("enqueuer");

/** An enqueuer for a server that is not its own. */
export interface OpenEnqueuer {
  /**
   * Answers a request.
   * @param wire the request as it came; without, what the Web's `Request` has of it.
   */
  fetch(request: Request, wire?: Wire): Response | Promise<Response>;
  /** Resolves when it first is ready for requests. */
  readonly ready: Promise<void>;
  /**
   * Is not ready any more, waits for the requests in flight until the signal aborts, and closes.
   * @param answered resolves when they are answered, or its signal aborts.
   */
  close(signal: AbortSignal, answered: (signal: AbortSignal) => Promise<void>): Promise<void>;
}

/** A running enqueuer. */
export interface Enqueuer {
  readonly server: Server;
  /** Resolves when it first is ready for requests. */
  readonly ready: Promise<void>;
  /** Stops accepting, waits for the requests in flight until the signal aborts, and closes. */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * Starts an enqueuer: it listens at once, and is ready when the broker is.
 * @throws when it cannot listen.
 */
export async function startEnqueuer(config: EnqueuerConfig): Promise<Enqueuer> {
  const { fetch, ready, close } = await openEnqueuer(config);
  const server = await serve(fetch, {
    hostname: config.ENQUEUER_HOST,
    port: config.ENQUEUER_PORT,
  });
  log.info("listening on {url}", { url: server.url });
  return { server, ready, close: (signal) => close(signal, (signal) => server.close(signal)) };
}

/** Opens an enqueuer: it answers at once, and is ready when the broker is. */
export async function openEnqueuer(config: EnqueuerConfig): Promise<OpenEnqueuer> {
  const settings = callbackSettings(config);
  const stopping = new AbortController();
  const stop = new AbortController();
  const broker = await openBroker(brokerUrl(config), {
    name: "proxymq-enqueuer",
    onStatus: statusLog(log, stopping.signal),
  });
  const results = await openResults(broker, resultsUrl(config), {
    name: "proxymq-enqueuer results",
    ttlMs: config.ENQUEUER_RESULT_TTL,
    lookUps: true,
  });
  const streams = new ReplyStreams(broker, { onEnd: (end) => metrics.streamEnded(end) });
  const inbox = new ReplyInbox(
    broker,
    `reply_${uuidv4()}`,
    streams,
    () => metrics.replyDropped(),
  );
  const metrics = createMetrics({ waiting: () => inbox.size, openStreams: () => streams.size });
  addProcessMetrics(metrics.registry, () => broker.status);
  const counted = spoolMetrics(metrics.registry);
  const spools = new Spools(broker, {
    ...counted,
    onBegun() {
      counted.onBegun();
      sweeper.wake();
    },
  });
  const sweeper = new SpoolSweeper({
    broker,
    results: results.store,
    ttlMs: config.ENQUEUER_RESULT_TTL,
    spools,
  });
  const callbacks = await openCallbacks(settings, broker, metrics.callbackEnded);
  const app = createApp({
    broker,
    results: results.store,
    services: new KnownServices([
      ...config.ENQUEUER_SERVICES ?? [],
      ...config.ENQUEUER_DEFAULT_SERVICE === undefined ? [] : [config.ENQUEUER_DEFAULT_SERVICE],
    ]),
    inbox,
    streams,
    spools,
    metrics,
    replyTimeoutMs: config.ENQUEUER_REPLY_TIMEOUT,
    onTimeout: config.ENQUEUER_ON_TIMEOUT,
    maxBodyBytes: config.ENQUEUER_MAX_BODY_BYTES,
    callbackOf: callbacks.callbackOf,
    defaultService: config.ENQUEUER_DEFAULT_SERVICE,
    apiKeys: config.ENQUEUER_API_KEYS,
    adminKeys: config.ENQUEUER_ADMIN_KEYS,
    stopping: stopping.signal,
    readiness: () => ({
      ready: broker.status.connected && inbox.declared && !stopping.signal.aborted,
      checks: {
        broker: broker.status.detail,
        ...(results.broker === broker ? {} : { results: results.broker.status.detail }),
        "reply queue": inbox.declared ? "declared" : "not declared yet",
        ...(stopping.signal.aborted ? { shutdown: "draining" } : {}),
      },
    }),
  });
  const services = config.ENQUEUER_SERVICES ?? [];
  const ready = declareAll({ broker, inbox, callbacks, services }, stop.signal);
  void ready.then(() => sweeper.start(), () => {});
  ready.catch((error) => {
    if (!stop.signal.aborted) log.error("not ready: {error}", { error });
  });
  return {
    fetch: (request, wire) =>
      wire ? app.fetch(request, { wire }) : Promise.resolve(app.fetch(request, {})).then(toWeb),
    ready,
    async close(signal, answered) {
      stopping.abort();
      await Promise.all([answered(signal), callbacks.close(signal)]);
      stop.abort();
      spools.stop();
      await sweeper[Symbol.asyncDispose]();
      // Tells those who still wait that nothing will come.
      await inbox[Symbol.asyncDispose]();
      streams[Symbol.dispose]();
      await answered(AbortSignal.timeout(1_000));
      await spools[Symbol.asyncDispose]();
      await results[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

async function declareAll(
  { broker, inbox, callbacks, services }: {
    readonly broker: Broker;
    readonly inbox: ReplyInbox;
    readonly callbacks: Callbacks;
    readonly services: readonly string[];
  },
  signal: AbortSignal,
): Promise<void> {
  for (const service of services) {
    await broker.declare({
      kind: "work",
      name: requestQueue(service),
      deadLetterQueue: deadLetterQueue(service),
    }, { signal });
  }
  await callbacks.start(signal);
  await inbox.start();
}
