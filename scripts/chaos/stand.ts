import { setTimeout as delay } from "node:timers/promises";
import { startTcpProxy } from "../../tests/support/tcp_proxy.ts";
import { uniqueName } from "../../tests/support/waiting.ts";
import { requestQueue } from "../../shared/service_name.ts";
import type { BrokerState, SoakBroker } from "../soak/broker.ts";
import { Load } from "../soak/load.ts";
import { kafkaAt } from "../soak/kafka_broker.ts";
import { rabbitmqAt } from "../soak/rabbitmq_broker.ts";
import { redisAt } from "../soak/redis_broker.ts";
import { Services } from "../soak/services.ts";
import { sqliteBroker } from "../soak/sqlite_broker.ts";
import { type Account, takeAccount } from "./account.ts";
import { findLeaks, type Holdings, remains } from "./leaks.ts";
import { startMicroservice } from "./microservice.ts";
import type { OwnServer } from "./own_server.ts";
import { recovery } from "./recovery.ts";
import type { BrokerName, Scenario, Stand } from "./scenario.ts";
import { mountSmallDisk } from "./small_disk.ts";
import { processState, serverState } from "./snapshot.ts";

/** How a scenario is run. */
export interface StandOptions {
  readonly broker: BrokerName;
  /** The server, where the broker is one. */
  readonly server?: OwnServer;
  /** The short version, for the tests. */
  readonly short: boolean;
  readonly signal: AbortSignal;
  /** Takes a line of progress. */
  readonly log: (line: string) => void;
}

/** What a scenario came to. */
export interface Verdict {
  readonly name: string;
  readonly title: string;
  readonly broker: BrokerName;
  readonly account: Account;
  /** How long the fault lasted. */
  readonly faultMs: number;
  /** From the fault's end until a new request was answered. */
  readonly recoveredMs: number;
  /** What went wrong, a sentence each. */
  readonly failures: readonly string[];
}

const millions = 1_000_000;
/** How long what is left may take to go, milliseconds. */
const quietMs = 40_000;

/** Does a scenario to a stack of its own under load, and looks what became of every request. */
export async function runScenario(scenario: Scenario, options: StandOptions): Promise<Verdict> {
  const { short, log, server } = options;
  const rabbit = options.broker === "rabbitmq" ? server : undefined;
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const service = uniqueName("chaos");
  const failures: string[] = [];

  await using stack = new AsyncDisposableStack();
  const { diskMebibytes } = scenario;
  const disk = diskMebibytes && stack.use(await mountSmallDisk(diskMebibytes));
  const { broker, url: brokerUrl, proxy } = await openBroker(
    stack,
    scenario,
    { ...options, service, ...(disk ? { folder: disk.folder } : {}) },
  );
  const microservice = stack.use(await startMicroservice(scenario.microservice ?? {}));
  const connections = short ? 16 : 32;
  const services = new Services(stack, {
    BROKER_URL: brokerUrl,
    ENQUEUER_REPLY_TIMEOUT: short ? "10s" : "20s",
    ...scenario.enqueuerEnv,
  }, {
    BROKER_URL: brokerUrl,
    DEQUEUER_SERVICE: service,
    DEQUEUER_TARGET_URL: microservice.url,
    DEQUEUER_CONCURRENCY: String(connections / 2),
    ...scenario.dequeuerEnv,
  });
  const url = `${await services.ready()}/proxy/${service}`;
  const load = new Load({ url, requests: millions, connections, signal });
  const calls = load.run();
  calls.catch(() => {});
  stack.defer(async () => {
    end.abort(new Error("the scenario has ended"));
    await calls.catch(() => {});
  });
  const holdings = async (): Promise<Holdings> => ({
    server: rabbit && await serverState(rabbit),
    processes: await Promise.all(services.processes.map(processState)),
  });

  const more = (count: number) => {
    const goal = load.finished + count;
    return load.until(() => load.finished >= goal);
  };
  load.allow(millions);
  await more(short ? 50 : 500);
  const before = await holdings();
  const since = performance.now();
  const fail = (what: string) => failures.push(what);
  const stand: Stand = {
    ...{ services, microservice, load, url, short, signal, fail },
    ...(disk ? { disk } : {}),
  };
  log(`${scenario.title} (${broker.shown}): after ${load.finished} requests`);
  if (scenario.broker === "sqlite" || scenario.broker === "any") await scenario.run(stand);
  else if (server && scenario.broker !== "network") await scenario.run({ ...stand, server });
  else if (server && proxy && scenario.broker === "network") {
    await scenario.run({ ...stand, server, proxy });
  }
  const faultMs = performance.now() - since;
  const recoveredMs = await recovery(url, signal);
  await more(short ? 50 : 500);
  load.stop();
  await calls;
  log(`${scenario.title}: over after ${(faultMs / 1000).toFixed(1)} s, waiting until all is quiet`);

  failures.push(
    ...await untilNone(async () => {
      const now = await holdings();
      return [...await unfinished(broker, service, now), ...findLeaks(before, now)];
    }, signal),
  );
  const processes = await services.end();
  for (const { name, code, errors } of processes) {
    if (code !== 0) fail(`${name} ended with ${code}`);
    if (errors > 0) fail(`${name} logged ${errors} errors`);
  }
  failures.push(
    ...await untilNone(
      async () => rabbit ? remains(await serverState(rabbit)) : leftIn(await broker.look()),
      signal,
    ),
  );
  const deadLetters = await broker.deadLetters();
  const account = takeAccount({
    calls: load.calls,
    runs: microservice.runs,
    deadLetters,
    cutsCallers: scenario.cutsCallers ?? false,
  });
  if (account.wrong > 0) fail(`${account.wrong} answers were wrong`);
  if (account.lost > 0) fail(`${account.lost} requests were lost`);
  const { name, title } = scenario;
  return { name, title, broker: options.broker, account, faultMs, recoveredMs, failures };
}

async function openBroker(
  stack: AsyncDisposableStack,
  scenario: Scenario,
  { broker, server, service, ...options }: StandOptions & { service: string; folder?: string },
) {
  if (broker === "sqlite") {
    const opened = stack.use(await sqliteBroker({ ...options, service, restart: false }));
    return { broker: opened, url: opened.url };
  }
  if (!server) throw new Error(`${broker} needs a server of its own`);
  if (broker === "kafka") {
    const its = { url: server.url, stop: () => Promise.resolve() };
    const opened = stack.use(kafkaAt(its, { service, restart: false }));
    if (scenario.broker !== "network") return { broker: opened, url: server.url };
    // Clients go to the port that it tells those that come to this one.
    const { port = 0, proxyPort } = server.proxied ?? {};
    const proxy = stack.use(await startTcpProxy("127.0.0.1", port, proxyPort));
    return { broker: opened, url: `kafka://127.0.0.1:${proxy.port}`, proxy };
  }
  const { hostname, port } = new URL(server.url);
  const its = { url: server.url, stop: () => Promise.resolve() };
  const at = broker === "redis" ? redisAt : rabbitmqAt;
  const opened = stack.use(at(its, { service, restart: false }));
  const proxy = stack.use(await startTcpProxy(hostname, Number(port)));
  const url = new URL(server.url);
  url.port = String(proxy.port);
  if (broker === "redis") { if (options.short) url.searchParams.set("lease", "3"); }
  else url.searchParams.set("heartbeat", String(scenario.heartbeat ?? 10));
  return { broker: opened, url: url.href, proxy };
}

/** What is left in a broker when all processes have ended, a sentence each. */
function leftIn({ replyQueues = [], connections = 0 }: BrokerState): string[] {
  return [
    ...replyQueues.map((name) => `${name} was left`),
    ...(connections > 0 ? [`${connections} connections were left`] : []),
  ];
}

/** What of the requests is still under way, a sentence each. */
async function unfinished(
  broker: SoakBroker,
  service: string,
  { server }: Holdings,
): Promise<string[]> {
  if (server) {
    return [...server.queues].flatMap(([name, { messages }]) => {
      const counts = name === requestQueue(service) || name.startsWith("proxymq_delay_");
      return counts && messages !== 0 ? [`${messages} messages stayed in ${name}`] : [];
    });
  }
  const { ready, unacknowledged = 0, delayed = 0, consumers } = await broker.look();
  const left = ready + unacknowledged + delayed;
  return [
    ...(left > 0 ? [`${left} requests stayed in the queue`] : []),
    ...(consumers === 2 ? [] : [`${consumers} consumers on the queue, not 2`]),
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
