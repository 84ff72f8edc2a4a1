import { type Connection, findCoordinatorV6 } from "@platformatic/kafka";
import { pause } from "../../waiting.ts";
import { BrokerUnavailableError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, codeOf, codes } from "./refusal.ts";
import { requestTimeoutMs, type Servers } from "./servers.ts";

const groupKind = 0;

/** The servers that coordinate groups. */
export class Coordinators {
  readonly #cluster: Pick<Cluster, "ask" | "closing" | "connection">;
  readonly #servers: Servers;
  readonly #nodes = new Map<string, number>();

  constructor(cluster: Pick<Cluster, "ask" | "closing" | "connection">, servers: Servers) {
    this.#cluster = cluster;
    this.#servers = servers;
  }

  /**
   * Asks the coordinator of a group, until one is there.
   * @throws {BrokerUnavailableError} there is none in time.
   */
  async ask<T>(
    group: string,
    act: (connection: Connection) => Promise<T>,
    isElsewhere: (answer: T) => boolean,
  ): Promise<T> {
    const { closing } = this.#cluster;
    const deadline = performance.now() + requestTimeoutMs;
    for (;;) {
      const node = this.#nodes.get(group) ?? await this.#find(group);
      if (node !== undefined) {
        const connection = await this.#cluster.connection(node);
        try {
          const answer = await act(connection);
          if (!isElsewhere(answer)) return answer;
        } catch (error) {
          this.#nodes.delete(group);
          throw brokerError(error, `the group ${group}`);
        }
        this.#nodes.delete(group);
      }
      if (performance.now() > deadline || closing.aborted) {
        throw new BrokerUnavailableError(`the group ${group} has no coordinator`);
      }
      await pause(50, closing);
    }
  }

  /** A node coordinates nothing any more. */
  forget(node: number): void {
    for (const [group, its] of this.#nodes) if (its === node) this.#nodes.delete(group);
  }

  /** Nothing that was known is true any more. */
  clear(): void {
    this.#nodes.clear();
  }

  async #find(group: string): Promise<number | undefined> {
    const answer = await this.#cluster.ask((control) =>
      findCoordinatorV6.api.async(control, groupKind, [group]).catch((error) => {
        if (codeOf(error) === codes.coordinatorNotAvailable) return undefined;
        throw error;
      })
    );
    const found = answer?.coordinators[0];
    if (!found || found.errorCode !== 0) return undefined;
    this.#servers.add(found);
    this.#nodes.set(group, found.nodeId);
    return found.nodeId;
  }
}
