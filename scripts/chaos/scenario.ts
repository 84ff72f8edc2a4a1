import type { TcpProxy } from "../../tests/support/tcp_proxy.ts";
import type { Env } from "../../tests/process/service_process.ts";
import type { Load } from "../soak/load.ts";
import type { Services } from "../soak/services.ts";
import type { Microservice, MicroserviceOptions } from "./microservice.ts";
import type { OwnServer } from "./own_server.ts";
import type { SmallDisk } from "./small_disk.ts";

/** The brokers that a scenario can be for. */
export type BrokerName = "rabbitmq" | "redis" | "sqlite" | "kafka";

/** What a scenario works on: the stack under load. */
export interface Stand {
  readonly services: Services;
  readonly microservice: Microservice;
  readonly load: Load;
  /** Where the service's requests go. */
  readonly url: string;
  /** Whether it is the short version, for the tests. */
  readonly short: boolean;
  readonly disk?: SmallDisk;
  readonly signal: AbortSignal;
  /** Keeps a failure for the verdict. */
  fail(what: string): void;
}

/** A {@link Stand} on a server. */
export interface ServerStand extends Stand {
  readonly server: OwnServer;
}

/** A {@link Stand} on a server that is reached by a proxy. */
export interface NetworkStand extends ServerStand {
  /** Between the services and the server. */
  readonly proxy: TcpProxy;
}

/** What is the same for every fault. */
interface Common {
  /** As on the command line. */
  readonly name: string;
  /** For the table. */
  readonly title: string;
  readonly microservice?: MicroserviceOptions;
  readonly enqueuerEnv?: Env;
  readonly dequeuerEnv?: Env;
  /** Whether it kills the enqueuer, and so breaks its callers' connections. */
  readonly cutsCallers?: boolean;
  /** How large the disk is that SQLite's file is on, if it has one of its own. */
  readonly diskMebibytes?: number;
  /** Why it cannot be done here, or undefined if it can. */
  readonly missing?: () => Promise<string | undefined>;
  /** Seconds between heartbeats, on RabbitMQ. @default 10 */
  readonly heartbeat?: number;
}

/** A fault, done to a stack under load. `run` resolves when it is over. */
export type Scenario =
  & Common
  & (
    | {
      readonly broker: "rabbitmq" | "redis" | "server";
      readonly run: (stand: ServerStand) => Promise<void>;
    }
    | { readonly broker: "network"; readonly run: (stand: NetworkStand) => Promise<void> }
    | { readonly broker: "sqlite" | "any"; readonly run: (stand: Stand) => Promise<void> }
  );

/** Whether a scenario is for a broker. */
export function isFor({ broker: its }: Scenario, broker: BrokerName): boolean {
  switch (its) {
    case "any":
      return true;
    case "server":
    case "network":
      return broker !== "sqlite";
    default:
      return its === broker;
  }
}
