import type { Address, Message, Priorities, PublishOptions } from "../broker.ts";
import {
  BrokerError,
  BrokerUnavailableError,
  QueueFullError,
  QueueNotFoundError,
} from "../errors.ts";
import { type Client, offeredFrameMax } from "./client.ts";
import { Connection } from "./connection.ts";
import { delayRoute, type Destination, destinationWords, maxDelayMs } from "./delay_levels.ts";
import { Delays } from "./delays.ts";
import { DirectReplies } from "./direct_replies.ts";
import { checkMessage, type Limits } from "./frames.ts";
import { PlainChannel } from "./plain_channel.ts";
import { SET_ASIDE_EXPIRATION } from "./properties.ts";
import { PublishChannel } from "./publish_channel.ts";
import { brokerError } from "./refusal.ts";
import { isDirectReply } from "./reply_address.ts";
import { prioritiesOf } from "./server.ts";
import { onChannel } from "./throwaway.ts";
import { broadcastExchange, topicExchange } from "./topology.ts";
import type { Target } from "./url.ts";

/** The largest body: what RabbitMQ 4 takes by default, bytes. */
export const maxMessageBytes = 16 * 1024 * 1024;
/** What of a frame is kept free of properties and headers: for its own bytes and what a retry adds. */
const reserve = 1024;
/** The same for a retry: the frame's own bytes, with some room. */
const retryReserve = 64;
/** The most that properties and headers may take, bytes. */
export const maxHeaderBytes = offeredFrameMax - reserve;
const longestName = 255;
/** Of quorum queues with two priorities: from here on it is the upper one. */
const urgentFrom = 5;

const topics = { exchange: topicExchange, type: "topic" } as const;
const broadcasts = { exchange: broadcastExchange, type: "direct" } as const;

/** How a publisher is kept. */
export interface PublisherOptions {
  readonly target: Target;
  readonly name: string;
  /** Resolves when the declared queues stand; nothing is published on a new connection before. */
  readonly declared: (signal: AbortSignal) => Promise<unknown>;
  readonly onChange: () => void;
}

/** Publishes, over a connection of its own. */
export class Publisher {
  readonly connection: Connection;
  readonly #queues = new PublishChannel();
  readonly #exchanges: PublishChannel;
  readonly #plain = new PlainChannel();
  readonly #delays: Delays;
  readonly #urgentDelays = new Delays("quorum_urgent");
  readonly #directReplies: DirectReplies;
  readonly #target: Target;
  /** The exchanges that this connection has declared, by their names. */
  readonly #declared = new Map<string, Promise<unknown>>();
  /** What priorities do in the queues of the server that is connected to. */
  #priorities: Priorities = "none";
  #closed = false;

  constructor({ target, name, declared, onChange }: PublisherOptions) {
    this.#target = target;
    this.#delays = new Delays(target.queueType);
    this.#exchanges = new PublishChannel(() => this.#forget());
    this.#directReplies = new DirectReplies(target, name);
    this.connection = new Connection({
      target,
      name: `${name} publish`,
      setUp: async (client, signal) => {
        await declared(signal);
        this.#priorities = prioritiesOf(client.server, target);
        const channels = [this.#queues, this.#exchanges, this.#plain];
        await Promise.all(channels.map((channel) => channel.open(client)));
      },
      onLost: () => this.#lose(new BrokerUnavailableError("the connection to RabbitMQ was lost")),
      onChange,
    });
  }

  /**
   * As {@link Broker.publish}.
   * @param kept how much of a frame is kept free of properties and headers, bytes.
   */
  publish(
    to: Address,
    messages: readonly Message[],
    options?: PublishOptions,
    kept: number = reserve,
  ): Promise<void> {
    const client = this.connection.client;
    if (!client || client.closed || this.#closed) return unavailable(this.#trouble());
    if (client.blocked !== undefined) return unavailable(blockedText(client));
    try {
      const limits: Limits = { body: maxMessageBytes, properties: client.frameMax - kept };
      for (const message of messages) checkMessage(message, limits, messages.length > 1);
    } catch (error) {
      return Promise.reject(error);
    }
    const delayMs = options?.delayMs ?? 0;
    const confirm = options?.confirm !== false;
    if ("broadcast" in to || "topic" in to || delayMs > 0) {
      const published = "broadcast" in to
        ? this.#toExchange(client, broadcasts, to.broadcast, messages)
        : delayMs > 0
        ? this.#delayed(client, to, messages, delayMs)
        : this.#toExchange(
          client,
          topics,
          "topic" in to ? to.topic : "",
          messages,
          options?.onUnroutable,
        );
      if (confirm) return published;
      published.catch((error) => {
        if (error instanceof QueueNotFoundError) {
          messages.forEach(options?.onUnroutable ?? (() => {}));
        }
      });
      return Promise.resolve();
    }
    const { queue } = to;
    if (isDirectReply(queue)) return this.#directReplies.publish(queue, messages, options);
    if (isTooLong(queue)) return Promise.reject(new QueueNotFoundError(queue));
    const priority = this.#leastPriority;
    if (confirm) {
      const route = { exchange: "", key: queue, mandatory: true, priority };
      return this.#queues.publish(route, queue, messages);
    }
    const onUnroutable = options?.onUnroutable;
    const route = { exchange: "", key: queue, mandatory: onUnroutable !== undefined, priority };
    return this.#plain.publish(route, messages, onUnroutable);
  }

  /** Moves a message from a queue to another or back, with room in its frame for what that adds. */
  republish(queue: string, message: Message, delayMs = 0): Promise<void> {
    return this.publish({ queue }, [message], { delayMs }, retryReserve);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#lose(new BrokerUnavailableError("the broker handle is closed"));
    await Promise.all([this.connection.close(), this.#directReplies.close()]);
  }

  /** Publishes to whoever is bound to an exchange, which is declared first if it was not yet. */
  async #toExchange(
    client: Client,
    { exchange, type }: typeof topics | typeof broadcasts,
    key: string,
    messages: readonly Message[],
    onUnroutable?: (message: Message) => void,
  ): Promise<void> {
    let declared = this.#declared.get(exchange);
    if (!declared) {
      declared = onChannel(client, (channel) => channel.exchangeDeclare(exchange, type));
      this.#declared.set(exchange, declared);
    }
    try {
      await declared;
    } catch (error) {
      if (this.#declared.get(exchange) === declared) this.#declared.delete(exchange);
      throw brokerError(error);
    }
    const mandatory = onUnroutable !== undefined;
    const route = { exchange, key, mandatory, priority: this.#leastPriority };
    try {
      await this.#exchanges.publish(route, key, messages, onUnroutable);
    } catch (error) {
      // RabbitMQ 4 refuses what was on its way to a reply queue that goes just then. Those that stay
      // have it by now.
      const gone = error instanceof QueueFullError && exchange === broadcastExchange;
      if (!gone) throw error;
    }
  }

  /**
   * What a message gets that says no priority: quorum queues with all priorities would take it for
   * one of the middle.
   */
  get #leastPriority(): 0 | undefined {
    const fills = this.#priorities === "strict" && this.#target.queueType === "quorum";
    return fills ? 0 : undefined;
  }

  async #delayed(
    client: Client,
    to: Destination,
    messages: readonly Message[],
    delayMs: number,
  ): Promise<void> {
    if (this.#priorities !== "shares") {
      return await this.#delayedBy(this.#delays, client, to, messages, delayMs);
    }
    // There a message expires only after the more urgent ones that came later.
    const urgent = messages.filter(isUrgent);
    const others = messages.filter((message) => !isUrgent(message));
    await Promise.all([
      urgent.length > 0 && this.#delayedBy(this.#urgentDelays, client, to, urgent, delayMs),
      others.length > 0 && this.#delayedBy(this.#delays, client, to, others, delayMs),
    ]);
  }

  async #delayedBy(
    delays: Delays,
    client: Client,
    to: Destination,
    messages: readonly Message[],
    delayMs: number,
  ): Promise<void> {
    if (delayMs > maxDelayMs) {
      throw new BrokerError(`a delay of ${delayMs} ms is too long: at most ${maxDelayMs} ms`);
    }
    if ("queue" in to && (isDirectReply(to.queue) || isTooLong(to.queue))) {
      throw new QueueNotFoundError(to.queue);
    }
    const { level, key } = delayRoute(delayMs, destinationWords(to));
    const known = delays.has(level, to);
    if (!known) await delays.ensure(client, level, to);
    const priority = this.#leastPriority;
    const route = { exchange: delays.entrance(level), key, mandatory: true, priority };
    const name = "queue" in to ? to.queue : to.topic;
    try {
      await this.#exchanges.publish(route, name, messages.map(setExpirationAside));
    } catch (error) {
      if (!known || !(error instanceof QueueNotFoundError)) throw error;
      // What was known may have been deleted under us, a level of the chain too.
      delays.forget();
      await this.#delayedBy(delays, client, to, messages, delayMs);
    }
  }

  #lose(error: Error): void {
    this.#forget();
    for (const channel of [this.#queues, this.#exchanges, this.#plain]) channel.lose(error);
  }

  #forget(): void {
    this.#delays.forget();
    this.#urgentDelays.forget();
    this.#declared.clear();
  }

  #trouble(): string {
    if (this.#closed) return "the broker handle is closed";
    return `not connected to RabbitMQ at ${this.#target.shown}: ${this.connection.trouble}`;
  }
}

/** For operators: why nothing can be published on a connection that is blocked. */
export function blockedText(client: Client): string {
  return `RabbitMQ has blocked publishing (${client.blocked || "no reason given"})`;
}

function unavailable(detail: string): Promise<never> {
  return Promise.reject(new BrokerUnavailableError(detail));
}

function isTooLong(queue: string): boolean {
  return queue.length * 3 > longestName && new TextEncoder().encode(queue).length > longestName;
}

function isUrgent({ priority = 0 }: Message): boolean {
  return priority >= urgentFrom;
}

/** In a level's queue it would make the message leave too early. */
function setExpirationAside(message: Message): Message {
  const { expiration, ...rest } = message;
  if (expiration === undefined) return message;
  return { ...rest, headers: { ...message.headers, [SET_ASIDE_EXPIRATION]: expiration } };
}
