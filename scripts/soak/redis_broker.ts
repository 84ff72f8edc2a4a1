import { openBroker } from "../../shared/broker/open.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { deleteRedisQueues, withRedis } from "../../tests/support/redis_faults.ts";
import type { BrokerOptions, BrokerState, SoakBroker } from "./broker.ts";
import { takeDeadLetters } from "./dead_letters.ts";
import { brokerOn, findServer, type Server } from "./server.ts";

/** Redis, given by the environment or brought up as for the tests. */
export async function redisBroker(options: BrokerOptions): Promise<SoakBroker> {
  return redisAt(await findServer("redis", /^rediss?:/, options), options);
}

/** Redis on a server that is there. */
export function redisAt(
  server: Server,
  options: Pick<BrokerOptions, "service" | "restart">,
): SoakBroker {
  const { url } = server;
  const queue = requestQueue(options.service);
  return brokerOn(server, options, {
    title: "Redis",
    look: () => look(url, queue),
    deadLetters: () => takeDeadLetters(url, options.service),
    remove: () => deleteRedisQueues(url, [queue, deadLetterQueue(options.service)]),
  });
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
