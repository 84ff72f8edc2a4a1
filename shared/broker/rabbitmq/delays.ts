import { BrokerError, QueueNotFoundError } from "../errors.ts";
import type { Client } from "./client.ts";
import {
  type Chain,
  delayUnitMs,
  deliverName,
  deliverPattern,
  type Destination,
  destinationWords,
  levelName,
  levelPatterns,
} from "./delay_levels.ts";
import { declareDeliverExchange } from "./deliver_exchange.ts";
import { brokerError, replyCodeOf, replyCodes } from "./refusal.ts";
import { shortcoming } from "./server.ts";
import { onChannel } from "./throwaway.ts";
import type { QueueType } from "./url.ts";

/** What is known to be declared on this connection. */
interface Known {
  /** All levels up to this one. */
  level: number;
  readonly bound: Set<string>;
}

/**
 * Declares the levels of {@link module:delay_levels} as far as they are needed, and binds the
 * queues that are delayed for. What was done is remembered until {@link Delays.forget}.
 */
export class Delays {
  #known: Known = { level: -1, bound: new Set() };
  #work: Promise<void> = Promise.resolve();
  readonly #type: QueueType;
  readonly #chain: Chain;

  constructor(chain: Chain) {
    this.#type = chain === "classic" ? "classic" : "quorum";
    this.#chain = chain;
  }

  /** The exchange that a delay from `level` on is published to. */
  entrance(level: number): string {
    return levelName(this.#chain, level);
  }

  /** To be called when the connection is lost, or something turns out to be missing. */
  forget(): void {
    this.#known = { level: -1, bound: new Set() };
  }

  /** Whether {@link Delays.ensure} has nothing left to do. */
  has(level: number, to: Destination): boolean {
    const known = this.#known;
    return level <= known.level && ("topic" in to || known.bound.has(to.queue));
  }

  /**
   * Makes sure that a delay from `level` on reaches its destination.
   * @throws {QueueNotFoundError} no such queue.
   */
  ensure(client: Client, level: number, to: Destination): Promise<void> {
    const work = this.#work.then(() =>
      this.has(level, to) ? undefined : this.#do(client, level, to)
    );
    this.#work = work.catch(() => {});
    return work;
  }

  async #do(client: Client, level: number, to: Destination): Promise<void> {
    const known = this.#known;
    const lacking = shortcoming(client.server, this.#type);
    if (lacking) throw new BrokerError(lacking);
    try {
      if (level > known.level) {
        await onChannel(client, async (channel) => {
          const steps = declareDeliverExchange(channel, this.#type);
          for (let next = known.level + 1; next <= level; next++) {
            const name = levelName(this.#chain, next);
            const below = next === 0 ? deliverName(this.#type) : levelName(this.#chain, next - 1);
            const { hold, pass } = levelPatterns(next);
            steps.push(
              channel.exchangeDeclare(name, "topic"),
              channel.queueDeclare(
                name,
                { durable: true },
                levelArguments(this.#type, next, below),
              ),
              channel.queueBind(name, name, hold),
              channel.exchangeBind(below, name, pass),
            );
          }
          await Promise.all(steps);
        });
        known.level = Math.max(known.level, level);
      }
      if ("queue" in to && !known.bound.has(to.queue)) {
        if (/(?:^|\.)[*#](?:\.|$)/.test(to.queue)) {
          throw new BrokerError(
            `messages for "${to.queue}" cannot be delayed: it reads as a pattern`,
          );
        }
        const pattern = deliverPattern(destinationWords(to));
        await onChannel(client, (channel) => {
          return channel.queueBind(to.queue, deliverName(this.#type), pattern);
        });
        known.bound.add(to.queue);
      }
    } catch (error) {
      if ("queue" in to && replyCodeOf(error) === replyCodes.notFound) {
        throw new QueueNotFoundError(to.queue);
      }
      throw brokerError(error);
    }
  }
}

/** The arguments of a level's queue. The time is a bigint: the client wraps numbers from 2^31 on. */
function levelArguments(type: QueueType, level: number, below: string): Record<string, unknown> {
  return {
    "x-queue-type": type,
    "x-message-ttl": BigInt(2 ** level * delayUnitMs),
    "x-dead-letter-exchange": below,
    ...(type === "quorum"
      ? { "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish" }
      : {}),
  };
}
