import { Connection, deleteGroupsV2, deleteTopicsV6, findCoordinatorV6 } from "@platformatic/kafka";
import { dirname } from "node:path";
import { restart } from "../../scripts/services/manager.ts";
import { readState } from "../../scripts/services/state.ts";
import { networkTo } from "./network.ts";
import type { Faults } from "./rabbitmq_faults.ts";
import { eventually } from "./waiting.ts";

/** Deletes topics and their groups, existing or not, over a connection of its own. */
export async function deleteTopics(url: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await using kafka = await connect(url);
  const { connection } = kafka;
  // A group first: it may take the server half a minute once its topic is gone. One server only: it
  // coordinates every group.
  await findCoordinatorV6.api.async(connection, 0, [...names]).catch(() => {});
  await deleteGroupsV2.api.async(connection, [...names]).catch(() => {});
  const topics = names.map((name) => ({ name }));
  await deleteTopicsV6.api.async(connection, topics, 10_000).catch(() => {});
}

/** The faults that this Kafka can be made to have. */
export async function kafkaFaults(url: string): Promise<Faults> {
  const services = Deno.env.get("PROXYMQ_TEST_SERVICES");
  const { kafka } = services ? await readState(dirname(services)) : {};
  const ours = kafka?.url === url;
  const proxied = ours ? kafka.proxied : undefined;
  return {
    deleteQueue: (name) => deleteTopics(url, [name]),
    reasons: { closeConnections: "Kafka has no command that closes connections" },
    ...(ours ? { restart: () => restart("kafka", { log: () => {} }) } : {}),
    ...(proxied ? { network: (stack) => networkTo(stack, url, proxied) } : {}),
  };
}

async function connect(
  url: string,
): Promise<AsyncDisposable & { readonly connection: Connection }> {
  const { hostname, port } = new URL(url);
  const connection = await eventually(async () => {
    const connection = new Connection("proxymq-tests", { requestTimeout: 10_000 });
    connection.on("error", () => {});
    await connection.connect(hostname, Number(port));
    return connection;
  });
  return { connection, [Symbol.asyncDispose]: () => connection.close() };
}
