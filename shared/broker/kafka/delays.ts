/**
 * Delays. A delayed record stands in a partition of the topic {@link delayTopic}: the partition is
 * its level, and level n holds a record for 125 ms times 2^n. From there it goes to the level of the
 * highest bit of what is left, and after the last one to its queue. So all that stands in a partition
 * is held for the same time, and a long delay never stands before a short one.
 *
 * @module
 */

/** The topic of delayed records. */
export const delayTopic = "proxymq_delays";
/** The topic of what is due but has nowhere to go. */
export const undeliverableTopic = "proxymq_delays_undeliverable";
/** How many levels there are. */
export const levelCount = 28;
/** What level 0 holds for, milliseconds. */
export const delayUnitMs = 125;
/** The longest delay, milliseconds. */
export const maxDelayMs: number = (2 ** levelCount - 1) * delayUnitMs;

/** A delay that is under way. */
export interface Hop {
  /** Where the record stands. */
  readonly level: number;
  /** How much is left after this level, in units. */
  readonly left: number;
}

/** Where a delay starts. It must be over 0 and at most the longest; it is rounded up to the unit. */
export function firstHop(delayMs: number): Hop {
  return hopOf(Math.ceil(delayMs / delayUnitMs));
}

/** Where it goes from there; undefined when it is due. */
export function nextHop({ left }: Pick<Hop, "left">): Hop | undefined {
  return left <= 0 ? undefined : hopOf(left);
}

/** When a record leaves its level, given when its delay ends; epoch milliseconds. */
export function leavesAt(dueAt: number, { left }: Pick<Hop, "left">): number {
  return dueAt - left * delayUnitMs;
}

function hopOf(units: number): Hop {
  const level = Math.min(levelCount - 1, Math.floor(Math.log2(units)));
  return { level, left: units - 2 ** level };
}
