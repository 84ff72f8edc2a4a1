import type { WakeUp } from "../../wake_up.ts";
import type { Client } from "./client.ts";
import { Connection } from "./connection.ts";
import type { Target } from "./url.ts";

/**
 * Wakes those who listen to a channel, over a connection of its own that is opened for the first of
 * them. What was said while it was away nobody heard, so a new connection wakes them all.
 */
export class Subscriptions implements AsyncDisposable {
  readonly #target: Target;
  readonly #name: string;
  readonly #listeners = new Map<string, Set<WakeUp>>();
  #connection: Connection | undefined;

  /** @param name of the connection, as operators see it. */
  constructor(target: Target, name: string) {
    this.#target = target;
    this.#name = name;
  }

  /**
   * Has a listener woken by each message on a channel. When it resolves, none is missed any more,
   * or the listener is woken when there is a connection.
   */
  async listen(channel: string, wakeUp: WakeUp): Promise<void> {
    this.#connection ??= new Connection({
      target: this.#target,
      name: this.#name,
      setUp: (client) => this.#subscribeAll(client),
      onChange: () => this.#wakeAll(),
    });
    const present = this.#listeners.get(channel);
    if (present) present.add(wakeUp);
    else this.#listeners.set(channel, new Set([wakeUp]));
    const { client } = this.#connection;
    if (client && !present) await this.#subscribe(client, channel).catch(() => {});
  }

  /** Undoes {@link listen}. */
  unlisten(channel: string, wakeUp: WakeUp): void {
    const present = this.#listeners.get(channel);
    if (!present?.delete(wakeUp) || present.size > 0) return;
    this.#listeners.delete(channel);
    this.#connection?.client?.unsubscribe(channel).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.close();
  }

  async #subscribeAll(client: Client): Promise<void> {
    await Promise.all([...this.#listeners.keys()].map((name) => this.#subscribe(client, name)));
  }

  #subscribe(client: Client, channel: string): Promise<void> {
    return client.subscribe(channel, () => {
      for (const wakeUp of this.#listeners.get(channel) ?? []) wakeUp.wake();
    });
  }

  #wakeAll(): void {
    // Of those who came while it was set up, the channel may not be subscribed to.
    const { client } = this.#connection ?? {};
    if (client) this.#subscribeAll(client).catch(() => {});
    for (const wakeUps of this.#listeners.values()) {
      for (const wakeUp of wakeUps) wakeUp.wake();
    }
  }
}
