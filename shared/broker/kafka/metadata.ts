import { metadataV12 } from "@platformatic/kafka";
import { pause } from "../../waiting.ts";
import { BrokerUnavailableError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import { answered, codes, isMissingTopic, isMoved, refused } from "./refusal.ts";
import { requestTimeoutMs, type Servers } from "./servers.ts";

/** A topic as the cluster tells of it. */
export interface Topic {
  readonly name: string;
  readonly id: string;
  /** The node that leads each partition. */
  readonly leaders: readonly number[];
}

/** What a cluster tells of its topics, as long as it is not known to be otherwise. */
export class Metadata {
  readonly #cluster: Pick<Cluster, "ask" | "closing">;
  readonly #servers: Servers;
  readonly #topics = new Map<string, Topic>();

  constructor(cluster: Pick<Cluster, "ask" | "closing">, servers: Servers) {
    this.#cluster = cluster;
    this.#servers = servers;
  }

  /** What is known of a topic without asking. */
  known(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /**
   * A topic, or undefined if there is none. Asking never makes one.
   * @throws {BrokerUnavailableError} not connected, or no leader.
   */
  async topic(name: string, { again = false } = {}): Promise<Topic | undefined> {
    const known = again ? undefined : this.#topics.get(name);
    return known ?? (await this.topics([name])).get(name);
  }

  /** Asks for topics; those that there are not are left out. */
  async topics(names: readonly string[]): Promise<ReadonlyMap<string, Topic>> {
    const found = new Map<string, Topic>();
    const deadline = performance.now() + requestTimeoutMs;
    for (let tries = 0;; tries++) {
      const answer = await this.#cluster.ask((control) =>
        answered(metadataV12.api.async(control, [...names], false, false))
      );
      this.#servers.replace(answer.brokers);
      let leaderless = false;
      for (const { name, topicId, errorCode, partitions } of answer.topics) {
        if (!name) continue;
        this.#topics.delete(name);
        // A name that no topic can have is the name of none.
        if (isMissingTopic(errorCode) || errorCode === codes.invalidTopic) continue;
        if (isMoved(errorCode) || partitions.some((each) => isMoved(each.errorCode))) {
          leaderless = true;
          continue;
        }
        if (errorCode !== 0) throw refused(errorCode, name);
        const leaders: number[] = [];
        for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
        const topic = { name, id: topicId, leaders };
        this.#topics.set(name, topic);
        found.set(name, topic);
      }
      if (!leaderless) return found;
      if (performance.now() > deadline) {
        throw new BrokerUnavailableError(`${names.join(", ")}: there is no leader`);
      }
      await pause(Math.min(500, 50 * 2 ** tries), this.#cluster.closing);
    }
  }

  /** What was known of a topic is no longer true. */
  forget(name: string): void {
    this.#topics.delete(name);
  }

  /** What was known of what a node leads is no longer true. */
  forgetLed(node: number): void {
    for (const [name, { leaders }] of this.#topics) {
      if (leaders.includes(node)) this.#topics.delete(name);
    }
  }

  /** Nothing that was known is. */
  clear(): void {
    this.#topics.clear();
  }
}
