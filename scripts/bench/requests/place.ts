import { join } from "node:path";
import { type OwnServer, startOwnServer } from "../../chaos/own_server.ts";

/** A broker that nobody else uses, so that what it uses of the machine is ours. */
export interface Place extends AsyncDisposable {
  readonly name: BrokerName;
  readonly url: string;
  /** The server's process; none where the services are the broker themselves. */
  readonly serverPids: readonly number[];
  /** A command of `rabbitmqctl`, where it is RabbitMQ. */
  readonly ctl?: OwnServer["ctl"];
}

/** The brokers that are measured. */
export const brokerNames = ["rabbitmq", "sqlite"] as const;

/** One of them. */
export type BrokerName = typeof brokerNames[number];

/** How a broker is had. */
export interface PlaceOptions {
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Brings up a broker. */
export async function openPlace(name: BrokerName, options: PlaceOptions): Promise<Place> {
  if (name === "rabbitmq") {
    const server = await startOwnServer(options);
    const pid = Number((await server.ctl("eval", "list_to_integer(os:getpid()).")).trim());
    return {
      name,
      url: server.url,
      serverPids: [pid],
      ctl: server.ctl,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }
  const folder = await Deno.makeTempDir({ prefix: "proxymq_bench_" });
  return {
    name,
    url: `sqlite:${join(folder, "bench.db")}`,
    serverPids: [],
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
