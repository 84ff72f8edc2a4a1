import { type ChannelModel, connect } from "amqplib";
import { dirname } from "node:path";
import { restart } from "../../scripts/services/manager.ts";
import { readState } from "../../scripts/services/state.ts";
import { type Network, networkTo } from "./network.ts";

/** What can really go wrong with a server, done to it. */
export interface Faults {
  /** Deletes a queue behind the driver's back. */
  deleteQueue(name: string): Promise<void>;
  /** The server closes the connections whose name contains this. Returns how many. */
  closeConnections?(name: string): Promise<number>;
  /** A network to the server that can fail; the stack ends it. */
  network?(stack: AsyncDisposableStack): Promise<Network>;
  /** Stops the server and starts it again on the same data. */
  restart?(): Promise<void>;
  /** Why one is not here. @default "this server is not ours to administer" */
  readonly reasons?: Readonly<Record<string, string>>;
}

/** Deletes queues, existing or not, over a connection of its own. */
export async function deleteQueues(url: string, names: readonly string[]): Promise<void> {
  const connection: ChannelModel = await connect(url, { timeout: 10_000 });
  connection.on("error", () => {});
  try {
    const channel = await connection.createChannel();
    for (const name of names) await channel.deleteQueue(name);
  } finally {
    await connection.close();
  }
}

/** The faults that this RabbitMQ can be made to have. */
export async function rabbitmqFaults(url: string): Promise<Faults> {
  const ctl = Deno.env.get("TEST_RABBITMQ_CTL");
  const services = Deno.env.get("PROXYMQ_TEST_SERVICES");
  const ours = services ? (await readState(dirname(services))).rabbitmq?.url === url : false;
  return {
    deleteQueue: (name) => deleteQueues(url, [name]),
    network: (stack) => networkTo(stack, url),
    ...(ctl ? { closeConnections: (name: string) => closeConnections(ctl, name) } : {}),
    ...(ours ? { restart: () => restart("rabbitmq", { log: () => {} }) } : {}),
  };
}

/** The names of the queues there are. */
export async function listQueues(ctl: string): Promise<string[]> {
  const list = await rabbitmqctl(ctl, ["--quiet", "list_queues", "--no-table-headers", "name"]);
  return list.split("\n").filter((name) => name !== "");
}

async function closeConnections(ctl: string, name: string): Promise<number> {
  const list = await rabbitmqctl(ctl, ["--quiet", "list_connections", "pid", "client_properties"]);
  const pids = list.split("\n").filter((line) => line.includes(name)).map((line) =>
    line.split("\t")[0] ?? ""
  );
  await Promise.all(pids.map((pid) => rabbitmqctl(ctl, ["close_connection", pid, "a test"])));
  return pids.length;
}

async function rabbitmqctl(ctl: string, args: readonly string[]): Promise<string> {
  const [command = "", ...prefix] = ctl.split(" ");
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...prefix, ...args],
    stdin: "null",
    signal: AbortSignal.timeout(30_000),
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`rabbitmqctl ${args.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}
