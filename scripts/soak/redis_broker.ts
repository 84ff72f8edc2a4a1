import { openBroker } from "../../shared/broker/open.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { deleteRedisQueues, withRedis } from "../../tests/support/redis_faults.ts";
import { down, restart, up } from "../services/manager.ts";
import type { BrokerOptions, BrokerState, SoakBroker } from "./broker.ts";
import { takeDeadLetters } from "./dead_letters.ts";
import type { Server } from "./rabbitmq_broker.ts";

/** Redis, given by the environment or brought up as for the tests. */
export async function redisBroker(options: BrokerOptions): Promise<SoakBroker> {
  return redisAt(await findServer(options), options);
}

/** Redis on a server that is there. */
export function redisAt(
  { url, stop, ...server }: Server,
  options: Pick<BrokerOptions, "service" | "restart">,
): SoakBroker {
  const queue = requestQueue(options.service);
  const dead = deadLetterQueue(options.service);
  return {
    url,
    shown: `Redis at ${new URL(url).host}`,
    ...(options.restart && server.restart ? { restart: server.restart } : {}),
    look: () => look(url, queue),
    deadLetters: () => takeDeadLetters(url, options.service),
    async [Symbol.asyncDispose]() {
      try {
        await deleteRedisQueues(url, [queue, dead]);
      } finally {
        await stop();
      }
    },
  };
}

async function findServer({ signal, log }: BrokerOptions): Promise<Server> {
  const given = Deno.env.get("BROKER_URL");
  if (given && /^rediss?:/.test(given)) {
    return { url: given, ctl: undefined, stop: () => Promise.resolve() };
  }
  const [service] = await up(["redis"], { signal, log });
  if (!service) throw new Error("Redis cannot be had");
  return {
    url: service.url,
    ctl: undefined,
    ...(service.how === "url" ? {} : { restart: () => restart("redis", { signal, log }) }),
    stop: () => service.started ? down(["redis"], { log }) : Promise.resolve(),
  };
}

async function look(url: string, queue: string): Promise<BrokerState> {
  const [replies, clients] = await withRedis(url, async (send) => [
    await send("KEYS", "proxymq:{reply_*}:queue"),
    await send("CLIENT", "LIST"),
  ]);
  await using broker = await openBroker(url, { name: "soak" });
  const { ready, inFlight = 0, delayed = 0, consumers } = await broker.stats(queue);
  return {
    ...{ ready, unacknowledged: inFlight, delayed, consumers },
    replyQueues: [...replies ?? []],
    // None of ours is silent for long; what is, is a dead one that the server does not know of yet.
    connections:
      `${clients}`.split("\n").filter((line) =>
        / name=proxymq-/.test(line) && Number(/ idle=(\d+)/.exec(line)?.[1]) < 10
      ).length,
  };
}
