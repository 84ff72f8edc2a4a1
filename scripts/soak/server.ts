import { down, restart, up } from "../services/manager.ts";
import type { BrokerOptions, BrokerState, DeadLetter, SoakBroker } from "./broker.ts";

/** A server that a broker is on, and what may be done to it. */
export interface Server {
  readonly url: string;
  /** A command prefix that administers it, e.g. a path of `rabbitmqctl`. */
  readonly ctl?: string;
  readonly restart?: () => Promise<void>;
  readonly stop: () => Promise<unknown>;
}

/** What is known of a broker by its system alone. */
export interface System {
  /** For the report, e.g. `RabbitMQ`. */
  readonly title: string;
  look(): Promise<BrokerState>;
  deadLetters(): Promise<DeadLetter[]>;
  /** Removes what belongs to the service. */
  remove(): Promise<void>;
}

/**
 * A server given by `BROKER_URL`, or brought up as for the tests.
 * @param schemes of the URLs that are its.
 */
export async function findServer(
  name: string,
  schemes: RegExp,
  { signal, log }: BrokerOptions,
): Promise<Server> {
  const given = Deno.env.get("BROKER_URL");
  if (given && schemes.test(given)) return { url: given, stop: () => Promise.resolve() };
  const [service] = await up([name], { signal, log });
  if (!service) throw new Error(`${name} cannot be had`);
  const { url, ctl, how, started } = service;
  return {
    url,
    ...(ctl === undefined ? {} : { ctl }),
    ...(how === "url" ? {} : { restart: () => restart(name, { signal, log }) }),
    stop: () => started ? down([name], { log }) : Promise.resolve(),
  };
}

/** A broker on a server. */
export function brokerOn(
  server: Server,
  options: Pick<BrokerOptions, "restart">,
  { title, look, deadLetters, remove }: System,
): SoakBroker {
  return {
    url: server.url,
    shown: `${title} at ${new URL(server.url).host}`,
    ...(options.restart && server.restart ? { restart: server.restart } : {}),
    look,
    deadLetters,
    async [Symbol.asyncDispose]() {
      try {
        await remove();
      } finally {
        await server.stop();
      }
    },
  };
}
