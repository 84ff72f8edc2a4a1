import type { AMQPChannel } from "@cloudamqp/amqp-client";
import type { Message } from "../broker.ts";
import { BrokerUnavailableError } from "../errors.ts";
import { type Route, writePublish } from "./frames.ts";
import { OwnChannel } from "./own_channel.ts";
import { textOf } from "./refusal.ts";
import { within } from "../../waiting.ts";

/** So much may wait for the operating system before publishing waits too, bytes. */
const mostBacklog = 16 * 1024 * 1024;
const drainLimits = {
  ms: 9500,
  late: () => new BrokerUnavailableError("RabbitMQ takes no more data just now"),
};
/** How long a message is remembered for its return: once to twice this. */
const rememberMs = 2000;

interface Remembered {
  readonly message: Message;
  readonly onUnroutable: (message: Message) => void;
}

/** A channel without confirms: what was handed to it is out of sight, but for what is returned. */
export class PlainChannel extends OwnChannel {
  #recent = new Map<string, Remembered>();
  #older = new Map<string, Remembered>();
  #forgetter: ReturnType<typeof setInterval> | undefined;

  protected override prepare(channel: AMQPChannel): Promise<void> {
    channel.onReturn = ({ properties, routingKey }) => {
      this.#returned(properties.messageId ?? properties.correlationId ?? routingKey);
    };
    return Promise.resolve();
  }

  protected override giveUp(): void {
    this.#recent.clear();
    this.#older.clear();
    clearInterval(this.#forgetter);
    this.#forgetter = undefined;
  }

  /** Publishes messages that were checked before. Resolves when they are handed over. */
  publish(
    route: Route,
    messages: readonly Message[],
    onUnroutable?: (message: Message) => void,
  ): Promise<void> {
    const { opened } = this;
    if (!opened || opened.channel.closed) {
      return Promise.reject(new BrokerUnavailableError("not connected to RabbitMQ"));
    }
    const { client, channel } = opened;
    try {
      for (const message of messages) {
        writePublish(client.outbox, channel.id, route, message, client.frameMax);
        if (onUnroutable && route.mandatory) this.#remember(message, route.key, onUnroutable);
      }
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(textOf(error)));
    }
    return client.backlog > mostBacklog ? within(client.drained(), drainLimits) : Promise.resolve();
  }

  #remember(message: Message, key: string, onUnroutable: (message: Message) => void): void {
    const id = message.messageId ?? message.correlationId ?? key;
    this.#recent.set(id, { message, onUnroutable });
    this.#forgetter ??= setInterval(() => {
      this.#older = this.#recent;
      this.#recent = new Map();
      if (this.#older.size > 0) return;
      clearInterval(this.#forgetter);
      this.#forgetter = undefined;
    }, rememberMs);
  }

  #returned(id: string): void {
    const remembered = this.#recent.get(id) ?? this.#older.get(id);
    if (!remembered) return;
    this.#recent.delete(id);
    this.#older.delete(id);
    remembered.onUnroutable(remembered.message);
  }
}
