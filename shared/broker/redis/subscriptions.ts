import { randomUUID } from "node:crypto";
import type { WakeUp } from "../../wake_up.ts";
import type { Client } from "./client.ts";
import { BrokerUnavailableError } from "../errors.ts";
import { Connection } from "./connection.ts";
import { brokerError } from "./redis_error.ts";
import type { Target } from "./url.ts";

/** What the name of a channel begins with that somebody listens to for as long as it is there. */
export const aliveChannel = "proxymq:alive:";

/**
 * Wakes those who listen to a channel, and shows others that this client is there. It has a
 * connection of its own, opened when it is needed: the server closes one that subscribes as soon as
 * 32 MB wait in it. What was said while it was away nobody heard, so a new one wakes them all.
 */
export class Subscriptions implements AsyncDisposable {
  readonly #target: Target;
  readonly #name: string;
  readonly #onLost: () => void;
  readonly #listeners = new Map<string, Set<WakeUp>>();
  /** The same for all channels: the library tells by it whether anybody still listens to one. */
  readonly #told = (_message: string, channel: string) => {
    for (const wakeUp of this.#listeners.get(channel) ?? []) wakeUp.wake();
  };
  #connection: Connection | undefined;
  #presence = "";
  #closed = false;

  /**
   * @param name of the connection, as operators see it.
   * @param onLost called when it is lost, and others take this client to be dead.
   */
  constructor(target: Target, name: string, onLost: () => void) {
    this.#target = target;
    this.#name = name;
    this.#onLost = onLost;
  }

  /**
   * Has others know that this client is there, for as long as the connection is.
   * @returns what the names of its consumers begin with, up to a slash; an empty text where that is
   * forbidden, and their leases alone tell.
   * @throws the signal's reason, or {@link BrokerUnavailableError} when it is closed for good.
   */
  async presence(signal: AbortSignal): Promise<string> {
    await this.#open().ready(signal);
    return this.#presence;
  }

  /**
   * Has a listener woken by each message on a channel. When it resolves, none is missed any more,
   * or the listener is woken when there is a connection.
   */
  async listen(channel: string, wakeUp: WakeUp): Promise<void> {
    const { client } = this.#open();
    const present = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, present.add(wakeUp));
    if (client) await client.subscribe(channel, this.#told).catch(() => {});
  }

  /** Undoes {@link listen}. */
  unlisten(channel: string, wakeUp: WakeUp): void {
    const present = this.#listeners.get(channel);
    if (!present?.delete(wakeUp) || present.size > 0) return;
    this.#listeners.delete(channel);
    this.#connection?.client?.unsubscribe(channel, this.#told).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#connection?.close();
  }

  #open(): Connection {
    return this.#connection ??= new Connection({
      target: this.#target,
      name: this.#name,
      setUp: async (client) => {
        await Promise.all([this.#showPresence(client), this.#subscribeAll(client)]);
      },
      onChange: () => this.#changed(),
    });
  }

  async #showPresence(client: Client): Promise<void> {
    const id = randomUUID();
    const shown = client.subscribe(aliveChannel + id, () => {});
    this.#presence = await shown.then(() => id, (error) => {
      if (brokerError(error) instanceof BrokerUnavailableError) throw error;
      return "";
    });
  }

  async #subscribeAll(client: Client): Promise<void> {
    const channels = [...this.#listeners.keys()];
    await Promise.all(channels.map((channel) => client.subscribe(channel, this.#told)));
  }

  async #changed(): Promise<void> {
    const { client } = this.#connection ?? {};
    if (!client) {
      if (!this.#closed) this.#onLost();
      return;
    }
    // Of those who came while it was set up, the channel may not be subscribed to.
    await this.#subscribeAll(client).catch(() => {});
    for (const channel of this.#listeners.keys()) this.#told("", channel);
  }
}
