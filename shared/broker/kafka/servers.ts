import { isIP } from "node:net";
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
  /** Told of a server that is gone, or cannot be reached: what it did another may do by now. */
  readonly onLost: (node: number) => void;
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
    const opening = this.dedicated(node);
    this.#shared.set(node, opening);
    const forget = () => {
      if (this.#shared.get(node) !== opening) return;
      this.#shared.delete(node);
      this.#options.onLost(node);
    };
    opening.then((connection) => connection.once("close", forget), forget);
    return await opening;
  }

  /** A connection to a server for one alone. */
  async dedicated(node: number): Promise<Connection> {
    const host = this.#nodes.get(node);
    try {
      if (!host) throw new BrokerUnavailableError(`there is no server ${node} just now`);
      return await this.open(host);
    } catch (error) {
      this.#options.onLost(node);
      throw error;
    }
  }

  /** A connection to a host, whichever node that is. */
  async open({ host, port }: Host): Promise<Connection> {
    const { target, name, closing } = this.#options;
    const { credentials } = target;
    const connection = new Connection(name, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      maxInflights: 100,
      // A name is told to the server, which may have several; an address is not (RFC 6066, section 3).
      ...(target.tls ? { tls: {}, tlsServerName: isIP(host) === 0 } : {}),
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
      const where = `${host}:${port}`;
      throw brokerError(error, where === target.shown ? undefined : where);
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
}
