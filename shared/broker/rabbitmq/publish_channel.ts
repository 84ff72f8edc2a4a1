import type { AMQPChannel, AMQPMessage } from "@cloudamqp/amqp-client";
import type { Message } from "../broker.ts";
import { BrokerUnavailableError, QueueFullError, QueueNotFoundError } from "../errors.ts";
import { type Route, writePublish } from "./frames.ts";
import { OwnChannel } from "./own_channel.ts";
import { textOf } from "./refusal.ts";

const mostInFlight = 1000;
const tickMs = 500;
/** A call is given up after this many ticks without progress: between 9 and 9.5 seconds. */
const mostTicks = 19;

/** One call of publish: its messages share their route and their fate. */
class Call {
  /** The message to be written next. */
  next = 0;
  unconfirmed: number;
  failed = false;
  tick: number;
  readonly route: Route;
  /** As in the errors: the queue, or the topic. */
  readonly to: string;
  readonly messages: readonly Message[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;

  constructor(
    route: Route,
    to: string,
    messages: readonly Message[],
    tick: number,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    this.route = route;
    this.to = to;
    this.messages = messages;
    this.unconfirmed = messages.length;
    this.tick = tick;
    this.resolve = resolve;
    this.reject = reject;
  }

  fail(error: Error): void {
    this.failed = true;
    this.reject(error);
  }
}

/**
 * A channel with confirms. At most 1,000 messages wait for their confirmation, what is over that
 * is written in order as they come. A call ends when all its messages are confirmed, when one is
 * refused or returned, when nothing happens for nine seconds, or when the channel is lost.
 */
export class PublishChannel extends OwnChannel {
  #tag = 0;
  #inFlight = new Map<number, Call>();
  #queued: Call[] = [];
  #tick = 0;
  #sweeper: ReturnType<typeof setInterval> | undefined;

  protected override async prepare(channel: AMQPChannel): Promise<void> {
    await channel.confirmSelect();
    channel.onReturn = (message) => this.#returned(message);
    channel.publishConfirmed = (tag, multiple, nack) => this.#confirmed(tag, multiple, nack);
    this.#tag = 0;
  }

  protected override giveUp(error: Error): void {
    const calls = new Set([...this.#inFlight.values(), ...this.#queued]);
    this.#inFlight = new Map();
    this.#queued = [];
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    for (const call of calls) call.fail(error);
  }

  /** Publishes messages that were checked before. Resolves when all are confirmed. */
  publish(route: Route, to: string, messages: readonly Message[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (messages.length === 0) return resolve();
      const call = new Call(route, to, messages, this.#tick, resolve, reject);
      this.#queued.push(call);
      if (this.#queued.length === 1) this.#pump();
      this.#sweeper ??= setInterval(() => this.#sweep(), tickMs);
    });
  }

  #pump(): void {
    while (this.#inFlight.size < mostInFlight) {
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
    if (this.#queued.length > 0) this.#pump();
  }

  #settle(call: Call, nack: boolean): void {
    if (call.failed) return;
    if (nack) return call.fail(new QueueFullError(call.to));
    call.tick = this.#tick;
    if (--call.unconfirmed === 0) call.resolve();
  }

  /**
   * A return comes before its confirmation, but does not say which publish it answers. A queue that
   * one message does not reach, the others on their way there do not reach either.
   */
  #returned({ exchange, routingKey }: AMQPMessage): void {
    for (const call of this.#inFlight.values()) {
      const { route } = call;
      if (call.failed || route.key !== routingKey || route.exchange !== exchange) continue;
      call.fail(new QueueNotFoundError(call.to));
    }
  }

  #sweep(): void {
    this.#tick++;
    if (this.#inFlight.size === 0 && this.#queued.length === 0) {
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
    for (const call of this.#queued) {
      if (this.#tick - call.tick >= mostTicks && !call.failed) call.fail(late);
    }
    this.#pump();
  }
}
