import type { Address } from "../broker.ts";
import type { QueueType } from "./url.ts";

/** Where a delayed message can go. */
export type Destination = Exclude<Address, { broadcast: string }>;

/**
 * Delays without a plugin. A delay is a number of 28 bits, and each bit has a level: a queue that
 * holds what comes to it for its bit's time. The routing key says the bits, the highest first, and
 * then where the message is for; at each level it passes through the queue if the bit is 1, and
 * past it if it is 0. So every queue holds each message for the same time, and a long delay never
 * stands before a short one.
 */
export const levelCount = 28;
/** A delay of 1: what level 0 holds, milliseconds. */
export const delayUnitMs = 125;
/** The longest delay, milliseconds. */
export const maxDelayMs = (2 ** levelCount - 1) * delayUnitMs;

/**
 * A chain of levels. Where urgent messages stand before others in a level's queue though they
 * expire after them, they need a chain of their own.
 */
export type Chain = QueueType | "quorum_urgent";

const prefix = "proxymq_delay_";
const topicWord = "@topic";

/** The exchange that a delay passes through at a level; the name of the level's queue too. */
export function levelName(chain: Chain, level: number): string {
  return `${prefix}${chain}_${String(level).padStart(2, "0")}`;
}

/** The exchange below level 0, which every work queue is bound to. */
export function deliverName(type: QueueType): string {
  return `${prefix}${type}_deliver`;
}

/** The exchange and queue for what is due but has nowhere to go. */
export function undeliverableName(type: QueueType): string {
  return `${prefix}${type}_undeliverable`;
}

/** Whether a queue is one of a level. */
export function isDelayQueue(queue: string): boolean {
  return queue.startsWith(prefix);
}

/** What is delayed for a queue, or for a topic, ends its routing key with this. */
export function destinationWords(to: Destination): string {
  return "queue" in to ? to.queue : `${topicWord}.${to.topic}`;
}

/** Where a delay starts. */
export interface DelayRoute {
  /** The highest level that holds it. */
  readonly level: number;
  readonly key: string;
}

/** The way of a delay, which is rounded up to the unit. It must be over 0 and at most the longest. */
export function delayRoute(delayMs: number, destination: string): DelayRoute {
  const units = Math.ceil(delayMs / delayUnitMs);
  const bits = units.toString(2).padStart(levelCount, "0");
  return { level: Math.floor(Math.log2(units)), key: `${bits.split("").join(".")}.${destination}` };
}

/** The pattern that binds a destination to the exchange below level 0. */
export function deliverPattern(destination: string): string {
  return `${"*.".repeat(levelCount)}${destination}`;
}

/** The patterns of a level's exchange: to its queue, and past it. */
export function levelPatterns(level: number): { readonly hold: string; readonly pass: string } {
  const stars = "*.".repeat(levelCount - 1 - level);
  return { hold: `${stars}1.#`, pass: `${stars}0.#` };
}
