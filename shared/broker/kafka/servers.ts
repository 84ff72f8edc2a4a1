import { Connection } from "@platformatic/kafka";
import { BrokerUnavailableError } from "../errors.ts";
import { brokerError } from "./refusal.ts";
import type { Host, Target } from "./url.ts";

/** How long a server has to answer, milliseconds; longer than any request waits in it. */
export const requestTimeoutMs = 6_000;
const connectTimeoutMs = 3_000;

/** What connections are made with. */
export interface ServersOptions {
  readonly target: Target;
  readonly name: string;
  /** Aborts when no connection is wanted any more. */
  readonly closing: AbortSignal;
}

/** A server as the cluster tells of it. */
export interface ServerAddress extends Host {
  readonly nodeId: number;
}

/** The servers of a cluster and the connections to them, by the numbers of their nodes. */
export class Servers {
  readonly #options: ServersOptions;
  readonly #nodes = new Map<number, Host>();
  readonly #shared = new Map<number, Promise<Connection>>();
  readonly #open = new Set<Connection>();

  constructor(options: ServersOptions) {
    this.#options = options;
  }

  /** These are all there are. */
  replace(servers: readonly ServerAddress[]): void {
    this.#nodes.clear();
    for (const server of servers) this.add(server);
  }

  /** There is this one too. */
  add({ nodeId, host, port }: ServerAddress): void {
    this.#nodes.set(nodeId, { host, port });
  }

  /** The connection to a server that all share, opened if need be. */
  async shared(node: number): Promise<Connection> {
    const known = this.#shared.get(node);
    if (known) return await known;
    const opening = this.open(this.#host(node));
    this.#shared.set(node, opening);
    const forget = () => {
      if (this.#shared.get(node) === opening) this.#shared.delete(node);
    };
    opening.then((connection) => connection.once("close", forget), forget);
    return await opening;
  }

  /** A connection to a server for one alone. */
  async dedicated(node: number): Promise<Connection> {
    return await this.open(this.#host(node));
  }

  /** A connection to a host, whichever node that is. */
  async open({ host, port }: Host): Promise<Connection> {
    const { target, name, closing } = this.#options;
    const { credentials } = target;
    const connection = new Connection(name, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      maxInflights: 100,
      ...(target.tls ? { tls: {}, tlsServerName: true } : {}),
      ...(credentials ? { sasl: { ...credentials } } : {}),
    });
    // Whoever waits for an answer is told; without a listener it would end the process.
    connection.on("error", () => {});
    this.#open.add(connection);
    connection.once("close", () => this.#open.delete(connection));
    try {
      await connection.connect(host, port);
    } catch (error) {
      this.#open.delete(connection);
      throw brokerError(error, `${host}:${port}`);
    }
    if (closing.aborted) {
      connection.close(() => {});
      throw closing.reason;
    }
    return connection;
  }

  /** Drops all connections. */
  drop(): void {
    this.#shared.clear();
    for (const connection of [...this.#open]) {
      connection.close(() => {});
      connection.socket?.destroy();
    }
    this.#open.clear();
  }

  #host(node: number): Host {
    const host = this.#nodes.get(node);
    if (host) return host;
    throw new BrokerUnavailableError(`there is no server ${node} just now`);
  }
}
