import { join } from "node:path";
import { startOwnServer } from "../../chaos/own_server.ts";
import { nodeLeader } from "../../services/kafka_node.ts";

/** The brokers that are measured, each as it is set up by default, and Redis so that it keeps all. */
export const ways = ["rabbitmq quorum", "rabbitmq classic", "redis", "kafka", "sqlite"] as const;

/** One of them. */
export type Way = typeof ways[number];

/** Where a broker is. */
export interface Place {
  /** What the services are told of it. */
  readonly env: Readonly<Record<string, string>>;
  /** The server's process; none where the services are the broker themselves, or it is not known. */
  readonly serverPid?: number;
}

/** Brokers that nobody else uses. */
export interface Places extends AsyncDisposable {
  of(way: Way): Place;
}

/** How brokers are had. */
export interface PlaceOptions {
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Brings up all of them. */
export async function openPlaces(options: PlaceOptions): Promise<Places> {
  await using stack = new AsyncDisposableStack();
  const rabbitmq = stack.use(await startOwnServer({ ...options, broker: "rabbitmq" }));
  const rabbitmqPid = Number(
    (await rabbitmq.ctl("eval", "list_to_integer(os:getpid()).")).trim(),
  );
  const redis = stack.use(await startOwnServer({ ...options, broker: "redis" }));
  const redisPid = Number(/^process_id:(\d+)/m.exec(await redis.ctl("INFO", "server"))?.[1]);
  const kafka = stack.use(await startOwnServer({ ...options, broker: "kafka" }));
  const kafkaPid = await nodeLeader(kafka.dir);
  const folder = await Deno.makeTempDir({ prefix: "proxymq_bench_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const overRabbitmq = (type: string): Place => ({
    env: { BROKER_URL: rabbitmq.url, RABBITMQ_QUEUE_TYPE: type },
    serverPid: rabbitmqPid,
  });
  const places: Readonly<Record<Way, Place>> = {
    "rabbitmq quorum": overRabbitmq("quorum"),
    "rabbitmq classic": overRabbitmq("classic"),
    "redis": { env: { BROKER_URL: redis.url }, serverPid: redisPid },
    "kafka": {
      env: { BROKER_URL: kafka.url },
      ...(kafkaPid === undefined ? {} : { serverPid: kafkaPid }),
    },
    "sqlite": { env: { BROKER_URL: `sqlite:${join(folder, "bench.db")}` } },
  };
  const owned = stack.move();
  return { of: (way) => places[way], [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
