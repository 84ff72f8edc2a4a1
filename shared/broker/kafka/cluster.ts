import {
  apiVersionsV3,
  Connection,
  findCoordinatorV6,
  listOffsetsV9,
  metadataV12,
} from "@platformatic/kafka";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";
import { backoffMs, pause } from "../../waiting.ts";
import {
  answered,
  brokerError,
  codeOf,
  codes,
  isMissingTopic,
  isMoved,
  refused,
} from "./refusal.ts";
import { shareFetch } from "./share_apis.ts";
import type { Host, Target } from "./url.ts";

/** How long a server has to answer, milliseconds; longer than any request waits in it. */
const requestTimeoutMs = 6_000;
const connectTimeoutMs = 3_000;
const shareGroupKind = 0;

/** A topic as the cluster tells of it. */
export interface Topic {
  readonly name: string;
  readonly id: string;
  /** The node that leads each partition. */
  readonly leaders: readonly number[];
}

/** How a cluster is watched. */
export interface ClusterOptions {
  readonly target: Target;
  readonly name: string;
  /** What is to be done before a new connection counts. */
  readonly setUp: () => Promise<void>;
  readonly onChange: () => void;
}

/**
 * The servers and what they lead. It keeps a connection to ask, and one to each server that is
 * published to, renews them by itself, and opens others for who reads.
 */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #closing = new AbortController();
  readonly #nodes = new Map<number, Host>();
  readonly #topics = new Map<string, Topic>();
  readonly #coordinators = new Map<string, number>();
  readonly #shared = new Map<number, Promise<Connection>>();
  readonly #open = new Set<Connection>();
  #control: Connection | undefined;
  #connected = false;
  #generation = 0;
  #trouble: string;
  #firstTry: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #running: Promise<void>;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#trouble = `connecting to ${options.target.shown}`;
    this.#ready.promise.catch(() => {});
    this.#running = this.#run();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Changes whenever the connection was lost. */
  get generation(): number {
    return this.#generation;
  }

  /** What stands in the way. */
  get trouble(): string {
    return this.#trouble;
  }

  /** Aborts when it is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Until the first try to connect has ended, well or not. */
  get firstTry(): Promise<void> | undefined {
    return this.#firstTry?.promise;
  }

  /**
   * Waits until it is connected.
   * @throws {BrokerUnavailableError} it is closed. @throws the signal's reason.
   */
  async ready(signal?: AbortSignal): Promise<void> {
    while (!this.#connected) {
      this.#closing.signal.throwIfAborted();
      signal?.throwIfAborted();
      const { promise: aborted, resolve } = Promise.withResolvers<void>();
      const stop = () => resolve();
      signal?.addEventListener("abort", stop, { once: true });
      await Promise.race([this.#ready.promise.catch(() => {}), aborted]);
      signal?.removeEventListener("abort", stop);
    }
  }

  /** @throws {BrokerUnavailableError} not connected. */
  check(): void {
    if (!this.#connected) throw this.#lost();
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
    return known ?? (await this.askFor([name])).get(name);
  }

  /** Asks for topics; those that there are not are left out. */
  async askFor(names: readonly string[]): Promise<ReadonlyMap<string, Topic>> {
    const found = new Map<string, Topic>();
    const deadline = performance.now() + requestTimeoutMs;
    for (let tries = 0;; tries++) {
      const answer = await this.ask((control) =>
        answered(metadataV12.api.async(control, [...names], false, false))
      );
      this.#takeNodes(answer.brokers);
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
      await pause(Math.min(500, 50 * 2 ** tries), this.#closing.signal);
    }
  }

  /** What was known of a topic is no longer true. */
  forget(name: string): void {
    this.#topics.delete(name);
  }

  /**
   * Asks any server.
   * @throws {BrokerError}
   */
  async ask<T>(act: (connection: Connection) => Promise<T>): Promise<T> {
    const control = this.#control;
    if (!control) throw this.#lost();
    try {
      return await act(control);
    } catch (error) {
      throw brokerError(error, this.#options.target.shown);
    }
  }

  /** The connection to a server for what is answered at once, opened if need be. */
  async connection(node: number): Promise<Connection> {
    if (!this.#control) throw this.#lost();
    const known = this.#shared.get(node);
    if (known) return await known;
    const opening = this.#openTo(this.#host(node));
    this.#shared.set(node, opening);
    const forget = () => {
      if (this.#shared.get(node) === opening) this.#shared.delete(node);
    };
    opening.then((connection) => connection.once("close", forget), forget);
    return await opening;
  }

  /** A connection of its own to a server, for who waits in it. */
  async dedicated(node: number): Promise<Connection> {
    if (!this.#control) throw this.#lost();
    return await this.#openTo(this.#host(node));
  }

  /**
   * Asks the coordinator of a group, until one is there.
   * @throws {BrokerUnavailableError} there is none in time.
   */
  async coordinated<T>(
    group: string,
    act: (connection: Connection) => Promise<T>,
    isElsewhere: (answer: T) => boolean,
  ): Promise<T> {
    const deadline = performance.now() + requestTimeoutMs;
    for (;;) {
      const node = this.#coordinators.get(group) ?? await this.#findCoordinator(group);
      if (node !== undefined) {
        const connection = await this.connection(node);
        try {
          const answer = await act(connection);
          if (!isElsewhere(answer)) return answer;
        } catch (error) {
          this.#coordinators.delete(group);
          throw brokerError(error, `the group ${group}`);
        }
        this.#coordinators.delete(group);
      }
      if (performance.now() > deadline || this.#closing.signal.aborted) {
        throw new BrokerUnavailableError(`the group ${group} has no coordinator`);
      }
      await pause(50, this.#closing.signal);
    }
  }

  /**
   * The offset of a partition at a time, -1 for its end, -2 for its start; undefined after its end.
   * @throws {BrokerError}
   */
  async offset(topic: Topic, partition: number, time: number): Promise<bigint | undefined> {
    const [offset] = await this.offsets(topic, [partition], time);
    return offset;
  }

  /** The same for several partitions. */
  async offsets(
    topic: Topic,
    partitions: readonly number[],
    time: number,
  ): Promise<(bigint | undefined)[]> {
    const deadline = performance.now() + requestTimeoutMs;
    for (let known = topic;;) {
      try {
        return await this.#offsets(known, partitions, time);
      } catch (error) {
        this.forget(topic.name);
        if (!isMoved(codeOf(error)) || performance.now() > deadline) {
          throw brokerError(error, topic.name);
        }
        await pause(50, this.#closing.signal);
        known = await this.topic(topic.name) ?? topic;
      }
    }
  }

  async #offsets(
    topic: Topic,
    partitions: readonly number[],
    time: number,
  ): Promise<(bigint | undefined)[]> {
    const byLeader = Map.groupBy(partitions, (partition) => topic.leaders[partition] ?? -1);
    const found = new Map<number, bigint>();
    await Promise.all([...byLeader].map(async ([leader, some]) => {
      const connection = await this.connection(leader);
      const answer = await listOffsetsV9.api.async(connection, -1, 0, [{
        name: topic.name,
        partitions: some.map((partitionIndex) => ({
          partitionIndex,
          currentLeaderEpoch: -1,
          timestamp: BigInt(Math.trunc(time)),
        })),
      }]);
      for (const { partitionIndex, offset } of answer.topics[0]?.partitions ?? []) {
        found.set(partitionIndex, offset);
      }
    }));
    return partitions.map((partition) => {
      const offset = found.get(partition);
      return offset === undefined || offset < 0n ? undefined : offset;
    });
  }

  async close(): Promise<void> {
    this.#closing.abort(new BrokerUnavailableError("the broker handle is closed"));
    this.#ready.resolve();
    this.#drop();
    await this.#running;
  }

  #lost(): BrokerUnavailableError {
    const closed = this.#closing.signal.aborted;
    return new BrokerUnavailableError(
      closed ? "the broker handle is closed" : `not connected: ${this.#trouble}`,
    );
  }

  #host(node: number): Host {
    const host = this.#nodes.get(node);
    if (host) return host;
    throw new BrokerUnavailableError(`there is no server ${node} just now`);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      const { hosts } = this.#options.target;
      const host = hosts[failures % hosts.length];
      if (!host) return;
      try {
        const control = await this.#openTo(host);
        const closed = Promise.withResolvers<void>();
        control.once("close", () => closed.resolve());
        if (!control.isConnected()) throw new BrokerUnavailableError("the connection was closed");
        this.#control = control;
        await this.#learn(control);
        await this.#options.setUp();
        this.#connected = true;
        failures = -1;
        this.#trouble = "";
        this.#ready.resolve();
        this.#triedOnce();
        this.#options.onChange();
        await closed.promise;
        this.#trouble = "the server has closed the connection";
      } catch (error) {
        this.#trouble = brokerError(error, this.#options.target.shown).message;
      }
      const was = this.#connected;
      this.#connected = false;
      if (was) this.#ready = Promise.withResolvers();
      this.#generation++;
      this.#drop();
      this.#triedOnce();
      if (signal.aborted) break;
      this.#options.onChange();
      await pause(backoffMs(Math.max(0, failures)), signal);
    }
    this.#triedOnce();
  }

  #triedOnce(): void {
    this.#firstTry?.resolve();
    this.#firstTry = undefined;
  }

  async #learn(control: Connection): Promise<void> {
    const { apiKeys } = await apiVersionsV3.api.async(control, "proxymq", "1");
    const shares = apiKeys.find(({ apiKey }) => apiKey === shareFetch.key);
    if (!shares || shares.maxVersion < shareFetch.version) {
      throw new BrokerError("the server is no Kafka 4.2 or later with share groups");
    }
    const { brokers } = await metadataV12.api.async(control, [], false, false);
    this.#takeNodes(brokers);
  }

  #takeNodes(brokers: readonly { nodeId: number; host: string; port: number }[]): void {
    this.#nodes.clear();
    for (const { nodeId, host, port } of brokers) this.#nodes.set(nodeId, { host, port });
  }

  async #findCoordinator(group: string): Promise<number | undefined> {
    const answer = await this.ask((control) =>
      findCoordinatorV6.api.async(control, shareGroupKind, [group]).catch((error) => {
        if (codeOf(error) === codes.coordinatorNotAvailable) return undefined;
        throw error;
      })
    );
    const found = answer?.coordinators[0];
    if (!found || found.errorCode !== 0) return undefined;
    this.#nodes.set(found.nodeId, { host: found.host, port: found.port });
    this.#coordinators.set(group, found.nodeId);
    return found.nodeId;
  }

  async #openTo({ host, port }: Host): Promise<Connection> {
    const { target, name } = this.#options;
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
    if (this.#closing.signal.aborted) {
      connection.close(() => {});
      throw this.#lost();
    }
    return connection;
  }

  #drop(): void {
    this.#control = undefined;
    this.#topics.clear();
    this.#coordinators.clear();
    this.#shared.clear();
    for (const connection of [...this.#open]) {
      connection.close(() => {});
      connection.socket?.destroy();
    }
    this.#open.clear();
  }
}
