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

/** A node of a cluster. */
export interface ClusterNode {
  /** E.g. `proxymq-c1@localhost`. */
  readonly name: string;
  /** Where it listens, e.g. `127.0.0.1:5900`. */
  readonly host: string;
  readonly url: string;
  /** A command that administers it. */
  readonly ctl: string;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  /** Starts it on the same data; resolves when it accepts connections. */
  start(): Promise<void>;
}

/** A quorum queue, and the nodes that it lives on. */
export interface QuorumQueue {
  readonly name: string;
  readonly leader: string;
  readonly members: readonly string[];
  /** The members that run. */
  readonly online: readonly string[];
}

/** A cluster of RabbitMQ nodes that nobody else uses. Disposing of it leaves nothing running. */
export interface Cluster extends AsyncDisposable {
  readonly nodes: readonly ClusterNode[];
  /** The URL of them all. */
  readonly url: string;
  /** A quorum queue, as a node that runs sees it. */
  queue(name: string, seenBy: ClusterNode): Promise<QuorumQueue>;
}

/** How a cluster is started. */
export interface ClusterOptions {
  readonly signal: AbortSignal;
  /** Takes a line of progress. */
  readonly log: (line: string) => void;
}

const size = 3;

/**
 * Starts three nodes on this machine, with names, ports and folders of their own, and joins them.
 * @throws {ServiceUnavailableError} RabbitMQ is not installed.
 */
export async function startCluster({ signal, log }: ClusterOptions): Promise<Cluster> {
  const missing = rabbitmqMissing();
  if (missing) throw new ServiceUnavailableError(missing);
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "proxymq_cluster_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const [epmdPort = 0] = await reservePorts(folder, [4_900]);
  const clusterName = `proxymq-${randomBytes(8).toString("hex")}`;
  const cookie = randomBytes(16).toString("hex");
  const nodes: ClusterNode[] = [];
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
    async queue(name, { ctl }) {
      const columns = ["name", "leader", "members", "online"];
      const args = ["--quiet", "--formatter", "json", "list_queues", ...columns];
      const queues: QuorumQueue[] = JSON.parse(await rabbitmqctl(ctl, args, signal));
      const queue = queues.find((queue) => queue.name === name);
      if (!queue) throw new Error(`there is no queue ${name}`);
      return queue;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function joinCluster(
  { ctl }: ClusterNode,
  other: string,
  signal: AbortSignal,
): Promise<void> {
  for (const args of [["stop_app"], ["join_cluster", other], ["start_app"]]) {
    await rabbitmqctl(ctl, args, signal);
  }
}

/** Each node has to know that all of them run. */
async function untilJoined(nodes: readonly ClusterNode[], signal: AbortSignal): Promise<void> {
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
