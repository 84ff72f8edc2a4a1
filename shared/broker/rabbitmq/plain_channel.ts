import type { AMQPChannel } from "@cloudamqp/amqp-client";
import type { Message } from "../broker.ts";
import { BrokerUnavailableError } from "../errors.ts";
import type { Client } from "./client.ts";
import { type Route, writePublish } from "./frames.ts";
import { OwnChannel } from "./own_channel.ts";
import { RecentMessages, type Written } from "./recent_messages.ts";
import { textOf } from "./refusal.ts";
import { within } from "../../waiting.ts";

/** So much may wait for the operating system before publishing waits too, bytes. */
const mostBacklog = 16 * 1024 * 1024;
const drainLimits = {
  ms: 9500,
  late: () => new BrokerUnavailableError("RabbitMQ takes no more data just now"),
};
/** How often the server is asked whether it has read what was written, milliseconds. */
const askEveryMs = 1000;
/** For so long after a loss what may have been lost with it is worth writing again. */
const worthMs = 30_000;
/** A message that is written so often without being seen to arrive may be what ends the connection. */
const mostTimes = 3;

/**
 * A channel without confirms. What was written last is remembered: for its return, and to be written
 * again when the connection is lost. The server is asked now and then for something that it answers
 * in its turn: what was written before has been read then, or come back.
 */
export class PlainChannel extends OwnChannel {
  readonly #recent = new RecentMessages();
  #asker: ReturnType<typeof setInterval> | undefined;
  #asking = false;
  #lostAt = 0;

  override async open(client: Client): Promise<void> {
    await super.open(client);
    const worth = performance.now() - this.#lostAt < worthMs;
    for (const written of this.#recent.takeAll()) {
      if (worth && written.times < mostTimes) this.#write({ ...written, times: written.times + 1 });
    }
  }

  protected override prepare(channel: AMQPChannel): Promise<void> {
    channel.onReturn = ({ properties, routingKey }) => {
      const id = properties.messageId ?? properties.correlationId ?? routingKey;
      const written = this.#recent.take(id);
      written?.onUnroutable(written.message);
    };
    return Promise.resolve();
  }

  protected override giveUp(): void {
    this.#lostAt = performance.now();
    this.#stopAsking();
  }

  /**
   * Publishes messages that were checked before. Resolves when they are handed over.
   * @param onUnroutable makes them remembered.
   */
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
        if (onUnroutable && route.mandatory) {
          this.#write({ route, message, onUnroutable, times: 1 });
        } else writePublish(client.outbox, channel.id, route, message, client.frameMax);
      }
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(textOf(error)));
    }
    return client.backlog > mostBacklog ? within(client.drained(), drainLimits) : Promise.resolve();
  }

  #write(written: Written): void {
    const { client, channel } = this.opened ?? {};
    if (!client || !channel) return;
    const { route, message } = written;
    writePublish(client.outbox, channel.id, route, message, client.frameMax);
    this.#recent.add(message.messageId ?? message.correlationId ?? route.key, written);
    this.#asker ??= setInterval(() => this.#ask(), askEveryMs);
  }

  #ask(): void {
    const { opened } = this;
    if (!opened || this.#asking) return;
    this.#asking = true;
    // A channel without consumers does not mind it.
    opened.channel.basicQos(0).then(() => {
      if (this.opened !== opened) return;
      this.#asking = false;
      this.#recent.turn();
      if (this.#recent.size === 0) this.#stopAsking();
    }, () => {});
  }

  #stopAsking(): void {
    clearInterval(this.#asker);
    this.#asker = undefined;
    this.#asking = false;
  }
}
