import { createClient } from "@redis/client";
import { dirname } from "node:path";
import { restart } from "../../scripts/services/manager.ts";
import { readState } from "../../scripts/services/state.ts";
import { networkTo } from "./network.ts";
import type { Faults } from "./rabbitmq_faults.ts";

/** Sends a command; lists come as such, all else as text. */
export type SendRedis = (...command: string[]) => Promise<string | string[]>;

/** Sends commands over a connection of its own. */
export async function withRedis<T>(url: string, act: (send: SendRedis) => Promise<T>): Promise<T> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  try {
    return await act((...command) => client.sendCommand<string | string[]>(command));
  } finally {
    client.destroy();
  }
}

/** Deletes queues, existing or not, with all that belongs to them. */
export async function deleteRedisQueues(url: string, names: readonly string[]): Promise<void> {
  await withRedis(url, async (send) => {
    for (const name of names) {
      const keys = await send("KEYS", `proxymq:{${name}}:*`);
      if (keys.length > 0) await send("DEL", ...keys);
      await send("HDEL", "proxymq:topics", name);
    }
  });
}

/** The keys there are whose names contain this, and the queues of that name with topics. */
export function keysWith(url: string, part: string): Promise<string[]> {
  return withRedis(url, async (send) => {
    const bound = await send("HKEYS", "proxymq:topics");
    return [...await send("KEYS", `*${part}*`), ...bound].filter((name) => name.includes(part));
  });
}

/** The faults that this Redis can be made to have. */
export async function redisFaults(url: string): Promise<Faults> {
  const services = Deno.env.get("PROXYMQ_TEST_SERVICES");
  const ours = services ? (await readState(dirname(services))).redis?.url === url : false;
  return {
    deleteQueue: (name) => deleteRedisQueues(url, [name]),
    network: (stack) => networkTo(stack, url),
    closeConnections: (name) => closeConnections(url, name),
    ...(ours ? { restart: () => restart("redis", { log: () => {} }) } : {}),
  };
}

function closeConnections(url: string, name: string): Promise<number> {
  return withRedis(url, async (send) => {
    const list = `${await send("CLIENT", "LIST")}`;
    const ids = list.split("\n").filter((line) => line.includes(name))
      .map((line) => /\bid=(\d+)/.exec(line)?.[1] ?? "");
    for (const id of ids) await send("CLIENT", "KILL", "ID", id);
    return ids.length;
  });
}
