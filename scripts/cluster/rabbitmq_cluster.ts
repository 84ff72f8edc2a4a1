import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { reservePorts } from "../services/ports.ts";
import { run, until } from "../services/process.ts";
import {
  bootNode,
  haltNode,
  nodeFiles,
  rabbitmqMissing,
  stopEpmd,
  writeNode,
} from "../services/rabbitmq_node.ts";
import { ServiceUnavailableError } from "../services/service.ts";
import { rabbitmqAt } from "../soak/rabbitmq_broker.ts";
import type { Services } from "../soak/services.ts";
import {
  type Cluster,
  type ClusterNode,
  type ClusterOptions,
  type ReplicatedQueue,
  size,
} from "./cluster.ts";

/** A node, and what administers it. */
interface RabbitmqNode extends ClusterNode {
  readonly url: string;
  /** A command that administers it. */
  readonly ctl: string;
}

/**
 * Starts three nodes on this machine, with names, ports and folders of their own, and joins them.
 * @throws {ServiceUnavailableError} RabbitMQ is not installed.
 */
export async function startRabbitmqCluster(
  { signal, log }: ClusterOptions,
): Promise<Cluster<RabbitmqNode>> {
  const missing = rabbitmqMissing();
  if (missing) throw new ServiceUnavailableError(missing);
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "proxymq_cluster_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const [epmdPort = 0] = await reservePorts(folder, [4_900]);
  const clusterName = `proxymq-${randomBytes(8).toString("hex")}`;
  const cookie = randomBytes(16).toString("hex");
  const nodes: RabbitmqNode[] = [];
  stack.defer(() => stopEpmd(join(folder, "1")));
  for (let number = 1; number <= size; number++) {
    const dir = join(folder, `${number}`);
    await Deno.mkdir(dir);
    const [port = 0, distPort = 0] = await reservePorts(dir, [5_900, 25_900]);
    const name = `proxymq-c${number}@localhost`;
    await writeNode({ dir, name, port, distPort, epmdPort, clusterName, cookie });
    const host = `127.0.0.1:${port}`;
    const url = `amqp://guest:guest@${host}/`;
    nodes.push({
      name,
      host,
      url,
      ctl: nodeFiles(dir).ctl,
      kill: () => haltNode(dir, true),
      start: () =>
        bootNode(url, clusterName, { dir, signal, log: (line) => log(`${name}: ${line}`) }),
    });
    stack.defer(() => haltNode(dir, true));
  }
  log(`starting ${nodes.map(({ name, host }) => `${name} at ${host}`).join(", ")}`);
  // All of them, so that none is still starting when the others are taken down.
  for (const booted of await Promise.allSettled(nodes.map((node) => node.start()))) {
    if (booted.status === "rejected") throw booted.reason;
  }
  const [first, ...others] = nodes;
  for (const node of others) await joinCluster(node, first?.name ?? "", signal);
  await untilJoined(nodes, signal);
  const owned = stack.move();
  return {
    nodes,
    url: `amqp://guest:guest@${nodes.map(({ host }) => host).join(",")}/`,
    replyTimeout: "10s",
    async queue(name, { ctl }) {
      const columns = ["name", "leader", "online"];
      const args = ["--quiet", "--formatter", "json", "list_queues", ...columns];
      const queues: (ReplicatedQueue & { readonly name: string })[] = JSON.parse(
        await rabbitmqctl(ctl, args, signal),
      );
      const queue = queues.find((queue) => queue.name === name);
      if (!queue) throw new Error(`there is no queue ${name}`);
      return queue;
    },
    broker(service) {
      const [{ url, ctl } = { url: "", ctl: "" }] = nodes;
      const server = { url, ctl, stop: () => Promise.resolve() };
      return rabbitmqAt(server, { service, restart: false });
    },
    connectionsTo,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function joinCluster(
  { ctl }: RabbitmqNode,
  other: string,
  signal: AbortSignal,
): Promise<void> {
  for (const args of [["stop_app"], ["join_cluster", other], ["start_app"]]) {
    await rabbitmqctl(ctl, args, signal);
  }
}

/** Each node has to know that all of them run. */
async function untilJoined(nodes: readonly RabbitmqNode[], signal: AbortSignal): Promise<void> {
  const asked = `length(rabbit_nodes:all_running()) =:= ${nodes.length}.`;
  await Promise.all(nodes.map(({ ctl, name }) =>
    until(
      async () => (await rabbitmqctl(ctl, ["eval", asked], signal)).trim() === "true",
      { what: `${name} in the cluster`, timeoutMs: 30_000, signal },
    )
  ));
}

async function rabbitmqctl(
  ctl: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { ok, stdout, stderr } = await run(ctl, args, { timeoutMs: 60_000, signal });
  if (!ok) throw new Error(`rabbitmqctl ${args.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

/** The connections of the services to a node, as they say themselves. */
async function connectionsTo({ host }: ClusterNode, services: Services): Promise<string[]> {
  const names = ["enqueuer", "dequeuer 1", "dequeuer 2"];
  const found = await Promise.all(services.processes.map(async (process, i) => {
    const health = await (await fetch(`${await process.url()}/health/ready`)).json();
    const places = String(health.checks.broker).split(" at ").slice(1);
    const [publishing = "", consuming = publishing] = places;
    return [
      ...(publishing.includes(host) ? [`${names[i]} publish`] : []),
      ...(consuming.includes(host) ? [`${names[i]} consume`] : []),
    ];
  }));
  return found.flat();
}
