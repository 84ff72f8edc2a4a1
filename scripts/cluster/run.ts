import { setTimeout as delay } from "node:timers/promises";
import { requestQueue } from "../../shared/service_name.ts";
import { uniqueName } from "../../tests/support/waiting.ts";
import { type Account, takeAccount } from "../chaos/account.ts";
import { until } from "../services/process.ts";
import { Load } from "../soak/load.ts";
import { startMicroservice } from "../soak/microservice.ts";
import { type Ended, Services } from "../soak/services.ts";
import type { Cluster, ClusterNode } from "./cluster.ts";
import { startKafkaCluster } from "./kafka_cluster.ts";
import { pace } from "./pace.ts";
import { type Pause, pauseBetween } from "./pauses.ts";
import { startRabbitmqCluster } from "./rabbitmq_cluster.ts";

const starters = { rabbitmq: startRabbitmqCluster, kafka: startKafkaCluster } as const;

/** The brokers that clusters are made of here. */
export type ClusterBroker = keyof typeof starters;

/** Their names, as on the command line. */
export const clusterBrokers = Object.keys(starters) as readonly ClusterBroker[];

/** How nodes of a cluster are killed under load. */
export interface RunOptions {
  readonly broker: ClusterBroker;
  /** How many requests are sent at least. */
  readonly requests: number;
  readonly connections: number;
  /** Requests a second, as long as so many callers can. */
  readonly perSecond: number;
  readonly signal: AbortSignal;
  /** Takes a line of progress. */
  readonly log: (line: string) => void;
}

/** A node that was killed and came back. Times are those of `performance.now()`. */
interface Loss {
  readonly node: string;
  /** Those of the services that it had, e.g. `enqueuer publish`. */
  readonly connections?: readonly string[];
  /** Where the queue's leader went. */
  readonly newLeader: string;
  /** Until all services were ready and a new request was answered, milliseconds. */
  readonly readyMs: number;
  readonly killedAt: number;
  readonly startedAt: number;
  readonly backAt: number;
  /** Until the node was a member of the queue again, milliseconds. */
  readonly backMs: number;
}

/** A node that was killed and came back, and what callers saw. */
export interface NodeLoss extends Loss {
  /** Until the node was started again. */
  readonly killed: Pause;
  /** While it came back. */
  readonly back: Pause;
}

/** What became of the requests. */
export interface RunResult {
  readonly account: Account;
  readonly losses: readonly NodeLoss[];
  readonly seconds: number;
  /** What went wrong, a sentence each. */
  readonly failures: readonly string[];
}

interface Stand {
  readonly cluster: Cluster;
  readonly queue: string;
  readonly services: Services;
  readonly load: Load;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** How long things may take, milliseconds. */
const recoveryMs = 60_000;
const quietMs = 30_000;
/** How long callers are watched after the queue has recovered, milliseconds. */
const watchMs = 1_000;

/**
 * Starts a cluster of three nodes, an enqueuer and two dequeuers on it, and a load. Kills the node
 * that leads the service's queue, starts it again, then does the same to the node that leads now.
 * Whatever happens, it leaves nothing running.
 */
export async function runCluster(options: RunOptions): Promise<RunResult> {
  const { broker: kind, requests, connections, perSecond, log } = options;
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const service = uniqueName("cluster");
  await using stack = new AsyncDisposableStack();
  const cluster: Cluster = stack.use(await starters[kind]({ signal: options.signal, log }));
  const microservice = stack.use(startMicroservice());
  const env = { BROKER_URL: cluster.url };
  const services = new Services(stack, { ...env, ENQUEUER_REPLY_TIMEOUT: cluster.replyTimeout }, {
    ...env,
    DEQUEUER_SERVICE: service,
    DEQUEUER_TARGET_URL: microservice.url,
    DEQUEUER_CONCURRENCY: String(Math.ceil(connections / 2)),
  });
  const url = `${await services.ready()}/proxy/${service}`;
  const load = new Load({ url, requests: Number.MAX_SAFE_INTEGER, connections, signal });
  const start = performance.now();
  const calls = load.run();
  calls.catch(() => {});
  stack.defer(async () => {
    end.abort(new Error("the run has ended"));
    await calls.catch(() => {});
  });
  stack.use(pace(load, perSecond));
  log(`${perSecond} requests a second by ${connections} callers`);

  const stand = { cluster, queue: requestQueue(service), services, load, signal, log };
  const losses: Loss[] = [];
  for (let times = 0; times < 2; times++) {
    await more(load, requests / 10);
    losses.push(await loseLeader(stand));
  }
  await load.until(() => load.finished >= requests);
  load.stop();
  await calls;
  const seconds = (performance.now() - start) / 1000;

  log("waiting until all is quiet");
  const broker = cluster.broker(service);
  const failures = await untilNone(async () => {
    const { ready, unacknowledged = 0, consumers } = await broker.look();
    return [
      ...(ready + unacknowledged > 0 ? [`${ready + unacknowledged} requests stayed`] : []),
      ...(consumers === 2 ? [] : [`${consumers} consumers on the queue, not 2`]),
    ];
  }, signal);
  const processes = await services.end();
  failures.push(...processes.flatMap(troubles));
  failures.push(
    ...await untilNone(async () => {
      const { connections = 0, replyQueues = [] } = await broker.look();
      return [
        ...(connections > 0 ? [`${connections} connections were left`] : []),
        ...(replyQueues.length > 0 ? [`reply queues were left: ${replyQueues.join(", ")}`] : []),
      ];
    }, signal),
  );
  const account = takeAccount({
    calls: load.calls,
    runs: microservice.runs,
    deadLetters: await broker.deadLetters(),
    cutsCallers: false,
  });
  if (account.wrong > 0) failures.push(`${account.wrong} answers were wrong`);
  if (account.lost > 0) failures.push(`${account.lost} requests were lost`);
  return {
    account,
    losses: losses.map((loss) => ({
      ...loss,
      killed: pauseBetween(load.calls, loss.killedAt, loss.startedAt),
      back: pauseBetween(load.calls, loss.startedAt, loss.backAt),
    })),
    seconds,
    failures,
  };
}

/** Kills the node that leads the queue, and starts it again. */
async function loseLeader(
  { cluster, queue, services, load, signal, log }: Stand,
): Promise<Loss> {
  const [any] = cluster.nodes;
  if (!any) throw new Error("the cluster has no nodes");
  const { leader } = await cluster.queue(queue, any);
  const node = nodeCalled(cluster, leader);
  const witness = cluster.nodes.find((other) => other !== node) ?? any;
  const connections = await cluster.connectionsTo?.(node, services);
  const has = connections ? `; it has: ${connections.join(", ") || "nobody"}` : "";
  log(`${leader}, which leads the queue, is killed${has}`);
  const killedAt = performance.now();
  await node.kill();
  await load.until(() =>
    load.calls.some(({ start, outcome }) => start > killedAt && outcome === "right")
  );
  await services.ready();
  const readyMs = performance.now() - killedAt;
  let newLeader = "";
  await until(async () => {
    const seen = await cluster.queue(queue, witness);
    newLeader = seen.leader;
    return seen.leader !== leader && seen.online.length === 2;
  }, { what: "a new leader", timeoutMs: recoveryMs, signal });
  await delay(watchMs, undefined, { signal });
  const startedAt = performance.now();
  log(`ready again after ${readyMs.toFixed(0)} ms, ${newLeader} leads; ${leader} is started`);
  await node.start();
  await until(
    async () => (await cluster.queue(queue, witness)).online.length === cluster.nodes.length,
    { what: `${leader} as a member of the queue`, timeoutMs: recoveryMs, signal },
  );
  await delay(watchMs, undefined, { signal });
  const backAt = performance.now();
  const backMs = backAt - startedAt - watchMs;
  log(`${leader} is back after ${backMs.toFixed(0)} ms`);
  return {
    node: leader,
    ...(connections ? { connections } : {}),
    newLeader,
    readyMs,
    backMs,
    killedAt,
    startedAt,
    backAt,
  };
}

function nodeCalled({ nodes }: Cluster, name: string): ClusterNode {
  const node = nodes.find((node) => node.name === name);
  if (!node) throw new Error(`there is no node ${name}`);
  return node;
}

function more(load: Load, count: number): Promise<void> {
  const goal = load.finished + count;
  return load.until(() => load.finished >= goal);
}

function troubles({ name, code, errors }: Ended): string[] {
  return [
    ...(code === 0 ? [] : [`${name} ended with ${code}`]),
    ...(errors === 0 ? [] : [`${name} logged ${errors} errors`]),
  ];
}

/** Looks until nothing is found, or it has had its time. */
async function untilNone(look: () => Promise<string[]>, signal: AbortSignal): Promise<string[]> {
  const deadline = performance.now() + quietMs;
  for (;;) {
    const found = await look();
    if (found.length === 0 || performance.now() > deadline) return found;
    await delay(100, undefined, { signal });
  }
}
