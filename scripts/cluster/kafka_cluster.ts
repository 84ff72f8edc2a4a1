import { metadataV12 } from "@platformatic/kafka";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { jarsMissing } from "../services/kafka_jars.ts";
import { bootNode, haltNode, writeNode } from "../services/kafka_node.ts";
import { askKafka } from "../services/kafka_ready.ts";
import { reservePorts } from "../services/ports.ts";
import { ServiceUnavailableError } from "../services/service.ts";
import { kafkaAt } from "../soak/kafka_broker.ts";
import {
  type Cluster,
  type ClusterNode,
  type ClusterOptions,
  type ReplicatedQueue,
  size,
} from "./cluster.ts";

/** Everything on all nodes, and confirmed by two of them. */
const replicated = {
  "default.replication.factor": size,
  "min.insync.replicas": 2,
  "offsets.topic.replication.factor": size,
  "transaction.state.log.replication.factor": size,
  "transaction.state.log.min.isr": 2,
  "share.coordinator.state.topic.replication.factor": size,
  "share.coordinator.state.topic.min.isr": 2,
};

/**
 * Starts three nodes on this machine, with ports and folders of their own.
 * @throws {ServiceUnavailableError} Kafka cannot be run here.
 */
export async function startKafkaCluster({ signal, log }: ClusterOptions): Promise<Cluster> {
  const missing = await jarsMissing();
  if (missing) throw new ServiceUnavailableError(missing);
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "proxymq_cluster_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const clusterId = randomBytes(16).toString("base64url");
  const ids = Array.from({ length: size }, (_, i) => i + 1);
  const ports = new Map<number, { readonly port: number; readonly controllerPort: number }>();
  for (const id of ids) {
    const dir = join(folder, `${id}`);
    await Deno.mkdir(dir);
    const [port = 0, controllerPort = 0] = await reservePorts(dir, [9_592, 19_592]);
    ports.set(id, { port, controllerPort });
  }
  const controllerPorts = new Map(
    [...ports].map(([id, { controllerPort }]) => [id, controllerPort]),
  );
  const nodes: ClusterNode[] = [];
  for (const [id, { port, controllerPort }] of ports) {
    const dir = join(folder, `${id}`);
    const host = `127.0.0.1:${port}`;
    const context = { dir, signal, log: (line: string) => log(`node ${id}: ${line}`) };
    const member = { id, controllerPorts, settings: replicated };
    await writeNode({ dir, port, controllerPort, clusterId, member }, context);
    nodes.push({
      name: `${id}`,
      host,
      kill: () => haltNode(dir, true),
      start: () => bootNode(`kafka://${host}`, clusterId, context),
    });
    stack.defer(() => haltNode(dir, true));
  }
  log(`starting ${nodes.map(({ name, host }) => `node ${name} at ${host}`).join(", ")}`);
  // All of them, so that none is still starting when the others are taken down.
  for (const booted of await Promise.allSettled(nodes.map((node) => node.start()))) {
    if (booted.status === "rejected") throw booted.reason;
  }
  const owned = stack.move();
  const url = `kafka://${nodes.map(({ host }) => host).join(",")}`;
  return {
    nodes,
    url,
    // Kafka takes 9 s to see that a node is gone.
    replyTimeout: "40s",
    queue: (name, { host }) => look(host, name),
    broker(service) {
      const its = { url: `kafka://${nodes[0]?.host}`, stop: () => Promise.resolve() };
      return kafkaAt(its, { service, restart: false });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A topic with one partition, as a node that runs sees it. */
async function look(host: string, topic: string): Promise<ReplicatedQueue> {
  const { topics } = await askKafka(
    `kafka://${host}`,
    (connection) => metadataV12.api.async(connection, [topic], false, false),
  );
  const partition = topics[0]?.partitions[0];
  if (!partition) throw new Error(`there is no topic ${topic}`);
  const { leaderId, isrNodes } = partition;
  return { leader: `${leaderId}`, online: isrNodes.map(String) };
}
