import type { AMQPChannel } from "@cloudamqp/amqp-client";
import type { QueueSpec } from "../broker.ts";
import { ReplyQueueLostError } from "../errors.ts";
import type { Client } from "./client.ts";
import { deliverName, deliverPattern, destinationWords } from "./delay_levels.ts";
import { declareDeliverExchange } from "./deliver_exchange.ts";
import { mismatch } from "./mismatch.ts";
import { brokerError, replyCodeOf, replyCodes, textOf } from "./refusal.ts";
import { onChannel } from "./throwaway.ts";
import type { Target } from "./url.ts";
import { pause } from "../../waiting.ts";

/** The exchange that topics are published to. */
export const topicExchange = "proxymq_topics";
/** The exchange that broadcasts are published to. */
export const broadcastExchange = "proxymq_broadcast";

/**
 * The queue of a connection that is lost stands until the server has noticed the loss. For so long a
 * first declaration waits; a queue of ours that does not come back is soon given up, because
 * whatever is sent there meanwhile is lost. In a cluster of RabbitMQ 4, whose node has died with the
 * queue, its name is taken until the node is back.
 */
const lockedForMs = 30_000;
const lostAfterMs = 2_000;
const lockedPauseMs = 250;

/** What work queues are declared as. */
type Queues = Pick<Target, "queueType" | "maxPriority">;

/** The queues that this handle declared, and how they are declared again. */
export class Topology {
  readonly #specs = new Map<string, QueueSpec>();
  readonly #deadLetterQueues = new Map<string, string>();
  readonly #queues: Queues;
  readonly #closing: AbortSignal;
  #trouble = "";

  constructor(queues: Queues, closing: AbortSignal) {
    this.#queues = queues;
    this.#closing = closing;
  }

  /** What went wrong when the queues were last declared again, or nothing. */
  get trouble(): string {
    return this.#trouble;
  }

  spec(queue: string): QueueSpec | undefined {
    return this.#specs.get(queue);
  }

  /** Where a queue's dead letters go; a dead-letter queue's go to itself. */
  deadLetterQueue(queue: string): string | undefined {
    return this.#deadLetterQueues.get(queue);
  }

  /**
   * Declares a queue and remembers it.
   * @throws {ReplyQueueLostError} it was declared before, and is held by another connection now.
   */
  async declare(client: Client, spec: QueueSpec): Promise<void> {
    const again = this.#specs.has(spec.name);
    const patienceMs = again ? lostAfterMs : lockedForMs;
    for (const since = performance.now();;) {
      try {
        await onChannel(client, (channel) => this.#declareOn(channel, spec));
        break;
      } catch (error) {
        const code = client.closed ? 0 : replyCodeOf(error);
        const locked = code === replyCodes.resourceLocked && spec.kind === "reply";
        const late = performance.now() - since > patienceMs || this.#closing.aborted;
        if (locked && late && again) {
          this.#specs.delete(spec.name);
          throw new ReplyQueueLostError(spec.name);
        }
        if (!locked || late) throw mismatch(error, code, spec.name) ?? brokerError(error);
        await pause(lockedPauseMs, this.#closing);
      }
    }
    this.#specs.set(spec.name, spec);
    if (spec.kind === "work") {
      this.#deadLetterQueues.set(spec.name, spec.deadLetterQueue);
      this.#deadLetterQueues.set(spec.deadLetterQueue, spec.deadLetterQueue);
    }
  }

  /**
   * Declares everything again, each once: what fails here is said in {@link Topology.trouble}, and a
   * consumer of it tries again by itself.
   */
  async redeclare(client: Client): Promise<void> {
    this.#trouble = "";
    const tries = [...this.#specs.values()].map(async (spec) => {
      try {
        await onChannel(client, (channel) => this.#declareOn(channel, spec));
      } catch (error) {
        const code = client.closed ? 0 : replyCodeOf(error);
        if (client.closed || code === replyCodes.resourceLocked) return;
        this.#trouble = textOf(mismatch(error, code, spec.name) ?? brokerError(error));
      }
    });
    await Promise.all(tries);
  }

  #declareOn(channel: AMQPChannel, spec: QueueSpec): Promise<unknown> {
    if (spec.kind === "reply") {
      const exclusive = { durable: false, exclusive: true, autoDelete: false };
      const { name, broadcasts = [] } = spec;
      const steps: Promise<unknown>[] = [
        channel.queueDeclare(name, exclusive, { "x-queue-type": "classic" }),
      ];
      if (broadcasts.length > 0) steps.push(channel.exchangeDeclare(broadcastExchange, "direct"));
      for (const key of broadcasts) steps.push(channel.queueBind(name, broadcastExchange, key));
      return Promise.all(steps);
    }
    const { name, deadLetterQueue, topics = [], unbind = [] } = spec;
    const { queueType } = this.#queues;
    const deliver = deliverName(queueType);
    const durable = { durable: true };
    const steps: Promise<unknown>[] = [
      channel.queueDeclare(deadLetterQueue, durable, { "x-queue-type": queueType }),
      channel.queueDeclare(name, durable, workArguments(this.#queues, deadLetterQueue)),
      ...declareDeliverExchange(channel, queueType),
      channel.queueBind(name, deliver, deliverPattern(destinationWords({ queue: name }))),
    ];
    if (topics.length + unbind.length > 0) {
      steps.push(channel.exchangeDeclare(topicExchange, "topic"));
    }
    for (const topic of unbind) {
      steps.push(
        channel.queueUnbind(name, topicExchange, topic),
        channel.queueUnbind(name, deliver, deliverPattern(destinationWords({ topic }))),
      );
    }
    for (const topic of topics) {
      steps.push(
        channel.queueBind(name, topicExchange, topic),
        channel.queueBind(name, deliver, deliverPattern(destinationWords({ topic }))),
      );
    }
    return Promise.all(steps);
  }
}

function workArguments(
  { queueType, maxPriority }: Queues,
  deadLetterQueue: string,
): Record<string, string | number> {
  return {
    "x-queue-type": queueType,
    ...(maxPriority === undefined ? {} : { "x-max-priority": maxPriority }),
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": deadLetterQueue,
    ...(queueType === "quorum"
      ? { "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish" }
      : {}),
  };
}
