import type { AMQPChannel, AMQPMessage } from "@cloudamqp/amqp-client";
import type { Message } from "../broker.ts";
import { BrokerUnavailableError, QueueFullError } from "../errors.ts";
import type { Client } from "./client.ts";
import { type Route, writePublish } from "./frames.ts";
import { type Opened, OwnChannel } from "./own_channel.ts";
import { Call } from "./publish_call.ts";
import { textOf } from "./refusal.ts";

const mostInFlight = 1000;
const tickMs = 500;
/** A call is given up after this many ticks without progress: between 9 and 9.5 seconds. */
const mostTicks = 19;

/** How long after a refusal the channel is replaced. */
const renewAfterMs = 300;
/** For so long after connecting, what is refused is published again on the new channel. */
const publishAgainMs = 5000;
/** So many routes are remembered. */
const mostAccepted = 10_000;

/**
 * A channel with confirms. At most 1,000 messages wait for their confirmation, what is over that
 * is written in order as they come. A call ends when all its messages are confirmed, when one is
 * refused or returned, when nothing happens for nine seconds, or when the channel is lost.
 *
 * A channel of RabbitMQ 3.10 that first publishes to a quorum queue just when the node of its leader
 * has died keeps to that node, and refuses everything until the node is back. So one that has refused
 * a message, and never taken any that went there, is replaced.
 */
export class PublishChannel extends OwnChannel {
  #tag = 0;
  #inFlight = new Map<number, Call>();
  #queued: Call[] = [];
  /** What is published again when the channel has been replaced. */
  #again: Call[] = [];
  /** The keys of the routes on which this channel has taken something. */
  readonly #accepted = new Set<string>();
  #client: Client | undefined;
  #channel: AMQPChannel | undefined;
  #connectedAt = 0;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  /** Nothing is written, so that the channel can be replaced when nothing is in flight. */
  #held = false;
  #tick = 0;
  #sweeper: ReturnType<typeof setInterval> | undefined;

  override async open(client: Client): Promise<void> {
    if (client !== this.#client) this.#connectedAt = performance.now();
    this.#client = client;
    await super.open(client);
  }

  protected override async prepare(channel: AMQPChannel): Promise<void> {
    await channel.confirmSelect();
    this.#accepted.clear();
    channel.onReturn = (message) => this.#returned(message);
    channel.publishConfirmed = (tag, multiple, nack) => {
      // One that was replaced may still confirm what was given up.
      if (this.#channel === channel) this.#confirmed(tag, multiple, nack);
    };
    this.#channel = channel;
    this.#tag = 0;
  }

  protected override giveUp(error: Error): void {
    const calls = new Set([...this.#inFlight.values(), ...this.#queued, ...this.#again]);
    this.#inFlight = new Map();
    this.#queued = [];
    this.#again = [];
    clearTimeout(this.#renewal);
    this.#renewal = undefined;
    this.#held = false;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const call of calls) call.fail(error);
  }

  /**
   * Publishes messages that were checked before. Resolves when all are confirmed.
   * @param onUnroutable told of each that came back from a mandatory route; without it the first
   * that does fails the call.
   */
  publish(
    route: Route,
    to: string,
    messages: readonly Message[],
    onUnroutable?: (message: Message) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (messages.length === 0) return resolve();
      const call = new Call(route, to, messages, this.#tick, resolve, reject, onUnroutable);
      this.#queued.push(call);
      if (this.#queued.length === 1) this.#pump();
      this.#sweeper ??= setInterval(() => this.#sweep(), tickMs);
    });
  }

  #pump(): void {
    while (this.#inFlight.size < mostInFlight && !this.#held) {
      const call = this.#queued[0];
      if (!call) return;
      const message = call.messages[call.next];
      if (message && !call.failed) this.#write(call, message);
      if (call.failed || ++call.next >= call.messages.length) this.#queued.shift();
    }
  }

  #write(call: Call, message: Message): void {
    if (!this.opened || this.opened.channel.closed) {
      return call.fail(new BrokerUnavailableError("not connected to RabbitMQ"));
    }
    const { client, channel } = this.opened;
    try {
      writePublish(client.outbox, channel.id, call.route, message, client.frameMax);
      this.#inFlight.set(++this.#tag, call);
    } catch (error) {
      call.fail(error instanceof Error ? error : new Error(textOf(error)));
    }
  }

  #confirmed(tag: number, multiple: boolean, nack: boolean): void {
    if (multiple) {
      for (const [earlier, call] of this.#inFlight) {
        if (earlier > tag) break;
        this.#inFlight.delete(earlier);
        this.#settle(call, nack);
      }
    } else {
      const call = this.#inFlight.get(tag);
      this.#inFlight.delete(tag);
      if (call) this.#settle(call, nack);
    }
    if (this.#held) this.#replace();
    else if (this.#queued.length > 0) this.#pump();
  }

  #settle(call: Call, nack: boolean): void {
    const { key } = call.route;
    if (nack && !this.#accepted.has(key)) this.#renew();
    if (call.failed) return;
    if (nack) return this.#refused(call);
    if (this.#accepted.size >= mostAccepted) this.#accepted.clear();
    this.#accepted.add(key);
    if (call.refused > 0) return call.fail(new QueueFullError(call.to));
    call.tick = this.#tick;
    if (--call.unconfirmed === 0) call.succeed();
  }

  #refused(call: Call): void {
    const late = performance.now() - this.#connectedAt > publishAgainMs;
    if (late || this.#accepted.has(call.route.key)) return call.fail(new QueueFullError(call.to));
    if (++call.refused < call.messages.length) return;
    call.restart();
    this.#again.push(call);
  }

  #renew(): void {
    this.#renewal ??= setTimeout(() => {
      this.#held = true;
      this.#replace();
    }, renewAfterMs);
  }

  #replace(): void {
    const { opened } = this;
    if (this.#inFlight.size > 0 || !opened) return;
    this.reopen(opened).then(() => this.#renewed(opened), (error) => {
      opened.client.ondisconnect?.(error);
    });
  }

  #renewed({ client }: Opened): void {
    if (this.opened?.client !== client) return;
    this.#renewal = undefined;
    this.#held = false;
    this.#queued.push(...this.#again.splice(0).filter(({ failed }) => !failed));
    this.#pump();
  }

  /**
   * A return comes before its confirmation, but does not say which publish it answers. A queue that
   * one message does not reach, the others on their way there do not reach either.
   */
  #returned({ exchange, routingKey, properties }: AMQPMessage): void {
    for (const call of this.#inFlight.values()) {
      const { route } = call;
      if (call.failed || route.key !== routingKey || route.exchange !== exchange) continue;
      if (call.takeBack(properties.messageId ?? properties.correlationId)) return;
    }
  }

  #sweep(): void {
    this.#tick++;
    if (this.#inFlight.size + this.#queued.length + this.#again.length === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
      return;
    }
    const late = new BrokerUnavailableError("RabbitMQ did not confirm a message in time");
    for (const [tag, call] of this.#inFlight) {
      if (this.#tick - call.tick < mostTicks) continue;
      this.#inFlight.delete(tag);
      if (!call.failed) call.fail(late);
    }
    if (this.#held) this.#replace();
    for (const call of [...this.#queued, ...this.#again]) {
      if (this.#tick - call.tick >= mostTicks && !call.failed) call.fail(late);
    }
    this.#pump();
  }
}
