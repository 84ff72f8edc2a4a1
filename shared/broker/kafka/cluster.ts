import { apiVersionsV3, type Connection, metadataV12 } from "@platformatic/kafka";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";
import { backoffMs, pause } from "../../waiting.ts";
import { Coordinators } from "./coordinators.ts";
import { Metadata } from "./metadata.ts";
import { brokerError } from "./refusal.ts";
import { Servers } from "./servers.ts";
import { shareFetch } from "./share_apis.ts";
import type { Target } from "./url.ts";

/** How a cluster is watched. */
export interface ClusterOptions {
  readonly target: Target;
  readonly name: string;
  /** What is to be done before a new connection counts. */
  readonly setUp: () => Promise<void>;
  readonly onChange: () => void;
}

/**
 * A Kafka, through the connection that it is asked by. That is renewed by itself; with it go all
 * others, and all that was known.
 */
export class Cluster {
  /** What it tells of topics. */
  readonly metadata: Metadata;
  /** Who coordinates its groups. */
  readonly coordinators: Coordinators;
  readonly #options: ClusterOptions;
  readonly #closing = new AbortController();
  readonly #servers: Servers;
  #control: Connection | undefined;
  #connected = false;
  #generation = 0;
  #trouble: string;
  #firstTry: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #running: Promise<void>;

  constructor(options: ClusterOptions) {
    this.#options = options;
    const { target, name } = options;
    this.#servers = new Servers({
      target,
      name,
      closing: this.#closing.signal,
      onLost: (node) => {
        this.metadata.forgetLed(node);
        this.coordinators.forget(node);
      },
    });
    this.metadata = new Metadata(this, this.#servers);
    this.coordinators = new Coordinators(this, this.#servers);
    this.#trouble = `connecting to ${target.shown}`;
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
    return await this.#servers.shared(node);
  }

  /** A connection of its own to a server, for who waits in it. */
  async dedicated(node: number): Promise<Connection> {
    if (!this.#control) throw this.#lost();
    return await this.#servers.dedicated(node);
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

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      const { hosts } = this.#options.target;
      const host = hosts[failures % hosts.length];
      if (!host) return;
      try {
        const control = await this.#servers.open(host);
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
        const where = hosts.length > 1 ? `${host.host}:${host.port}` : undefined;
        this.#trouble = brokerError(error, where).message;
      }
      const was = this.#connected;
      this.#connected = false;
      if (was) this.#ready = Promise.withResolvers();
      this.#generation++;
      this.#drop();
      if (signal.aborted) break;
      // Each host has a trouble of its own, which nobody wants to hear of again and again.
      if (was || (failures + 1) % hosts.length === 0) {
        this.#triedOnce();
        this.#options.onChange();
      }
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
    this.#servers.replace(brokers);
  }

  #drop(): void {
    this.#control = undefined;
    this.metadata.clear();
    this.coordinators.clear();
    this.#servers.drop();
  }
}
