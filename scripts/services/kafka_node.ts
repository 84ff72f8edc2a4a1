import { existsSync } from "node:fs";
import { join } from "node:path";
import { kafkaClassPath } from "./kafka_jars.ts";
import { acceptsKafka } from "./kafka_ready.ts";
import { isAlive, killGroup, run, runDetached, until } from "./process.ts";
import type { Context, Proxied } from "./service.ts";

/** How a node is set up. */
export interface NodeOptions {
  /** Its own folder; everything it writes goes there. */
  readonly dir: string;
  readonly port: number;
  readonly controllerPort: number;
  /** For clients that come by a proxy. Nobody need be there. */
  readonly proxied?: Proxied;
  /** Tells our server from any other that may listen on the port. */
  readonly clusterId: string;
  /** Its place among the nodes of a cluster. @default the only node */
  readonly member?: Member;
}

/** A node of a cluster. */
export interface Member {
  readonly id: number;
  /** Where the controllers of all nodes listen, by the nodes' ids. */
  readonly controllerPorts: ReadonlyMap<number, number>;
  /** What is other than in {@link smallServer}. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

const files = (dir: string) => ({
  properties: join(dir, "server.properties"),
  leader: join(dir, "leader.pid"),
  output: join(dir, "output.log"),
  data: join(dir, "data"),
});

/**
 * Few threads, and groups that do not wait for one another. The topics that Kafka makes for itself
 * are small too, so that they are made in no time.
 */
export const smallServer = {
  "auto.create.topics.enable": false,
  "offsets.topic.replication.factor": 1,
  "offsets.topic.num.partitions": 2,
  "transaction.state.log.replication.factor": 1,
  "transaction.state.log.min.isr": 1,
  "transaction.state.log.num.partitions": 1,
  "share.coordinator.state.topic.replication.factor": 1,
  "share.coordinator.state.topic.min.isr": 1,
  "share.coordinator.state.topic.num.partitions": 2,
  "group.initial.rebalance.delay.ms": 0,
  "num.network.threads": 2,
  "num.io.threads": 2,
  "background.threads": 2,
  "log.cleaner.dedupe.buffer.size": 4 * 2 ** 20,
};

function propertiesOf({ dir, port, controllerPort, proxied, member }: NodeOptions): string {
  const here = (listeners: Readonly<Record<string, number>>) =>
    Object.entries(listeners).map(([name, port]) => `${name}://127.0.0.1:${port}`).join(",");
  const clients = { PLAINTEXT: port, ...(proxied ? { PROXIED: proxied.port } : {}) };
  const told = { PLAINTEXT: port, ...(proxied ? { PROXIED: proxied.proxyPort } : {}) };
  const voters = [...member?.controllerPorts ?? []]
    .map(([id, port]) => `${id}@127.0.0.1:${port}`).join(",");
  const properties = {
    ...smallServer,
    "process.roles": "broker,controller",
    "node.id": member?.id ?? 1,
    ...(member
      ? { "controller.quorum.voters": voters }
      : { "controller.quorum.bootstrap.servers": `127.0.0.1:${controllerPort}` }),
    listeners: here({ ...clients, CONTROLLER: controllerPort }),
    "advertised.listeners": here(told),
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": files(dir).data,
    "controlled.shutdown.enable": false,
    ...member?.settings,
  };
  return Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join("");
}

const options = [
  "-Xms128m",
  "-Xmx448m",
  "-XX:+UseSerialGC",
  // What is compiled best takes longest to start.
  "-XX:TieredStopAtLevel=1",
];

/**
 * Writes all that a node is run by, with an empty storage.
 * @throws {Error} its storage cannot be formatted.
 */
export async function writeNode(node: NodeOptions, context: Context): Promise<void> {
  const { dir, clusterId } = node;
  const { properties, data } = files(dir);
  await Deno.mkdir(data, { recursive: true });
  await Deno.writeTextFile(properties, propertiesOf(node));
  const classPath = await kafkaClassPath(context);
  const formatted = await run("java", [
    ...["-cp", classPath, "kafka.tools.StorageTool", "format"],
    ...["--cluster-id", clusterId, "--config", properties],
    ...(node.member ? [] : ["--standalone"]),
  ], { timeoutMs: 60_000, signal: context.signal });
  if (!formatted.ok) {
    throw new Error(`formatting the storage: ${formatted.stderr.trim().slice(-500)}`);
  }
}

/**
 * Starts a node, and resolves when it answers.
 * @throws {Error} it ended, or does not answer in time; it is killed then.
 */
export async function bootNode(url: string, clusterId: string, context: Context): Promise<void> {
  const { dir, signal, log } = context;
  const { properties, leader, output } = files(dir);
  const classPath = await kafkaClassPath(context);
  const pid = runDetached(
    "java",
    [...options, "-cp", classPath, "kafka.Kafka", properties],
    output,
  );
  await Deno.writeTextFile(leader, `${pid}`);
  try {
    await until(async () => {
      if (await acceptsKafka(url, clusterId)) return true;
      if (await nodeLeader(dir) !== undefined) return false;
      const text = await Deno.readTextFile(output).catch(() => "");
      throw new Error(`Kafka ended at once: ${text.trim().slice(-1_000)}`);
    }, {
      what: "Kafka accepting connections",
      timeoutMs: 90_000,
      signal,
      onWait: (seconds) => log(`starting (${seconds} s)`),
    });
  } catch (error) {
    killGroup(pid);
    throw error;
  }
}

/** The process of a node, if it lives. */
export async function nodeLeader(dir: string): Promise<number | undefined> {
  const { leader, properties } = files(dir);
  if (!existsSync(leader)) return undefined;
  const pid = Number(await Deno.readTextFile(leader).catch(() => "0"));
  return pid > 0 && await isAlive(pid, properties) ? pid : undefined;
}

/** Ends a node, if it runs: in good order, or by SIGKILL. */
export async function haltNode(dir: string, kill: boolean): Promise<void> {
  const pid = await nodeLeader(dir);
  if (pid === undefined) return;
  if (kill) killGroup(pid);
  else Deno.kill(pid, "SIGTERM");
  const isGone = async () => await nodeLeader(dir) === undefined;
  try {
    await until(isGone, { what: "the end of Kafka", timeoutMs: 20_000 });
  } catch {
    killGroup(pid);
    await until(isGone, { what: "the end of Kafka", timeoutMs: 10_000 });
  }
}
