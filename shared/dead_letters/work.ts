import { setTimeout as delay } from "node:timers/promises";
import type { Broker } from "../broker/broker.ts";
import { type Found, Pass, type PassOptions } from "./pass.ts";
import { Pace } from "./rate.ts";
import { select, type Selection } from "./select.ts";

/** How far a replay or a discard has come. */
export interface Tally {
  /** How many dead letters there were at the start. */
  readonly total: number;
  /** How many of them were looked at. */
  readonly lookedAt: number;
  /** How many are meant. */
  readonly matched: number;
  /** How many are replayed or discarded. */
  readonly done: number;
  /** Those that could not be, and stay. */
  readonly failed: readonly { readonly id: string; readonly error: string }[];
}

/** What a replay or a discard can be told. */
export interface WorkOptions extends Selection, PassOptions {
  /** How many a second. @default Infinity */
  readonly perSecond?: number;
  readonly onProgress?: (tally: Tally) => void;
}

/** It ended before its end; what is done by then is in the tally, the rest is as it was. */
export class UnfinishedError extends Error {
  override name = "UnfinishedError";
  readonly tally: Tally;

  constructor(message: string, tally: Tally, options?: ErrorOptions) {
    super(message, options);
    this.tally = tally;
  }
}

/** The rest of the dead letters stands behind more that stay than one pass can set aside. */
export class OutOfReachError extends UnfinishedError {
  override name = "OutOfReachError";
}

const comesAgain = "the connection was lost before it was removed; it is done, and comes again";

/** How many are in the air at once. */
const mostAtOnce = 100;
/** At a slow rate no more are taken than go in this time, seconds. */
const secondsInHand = 5;

/**
 * Does something to each dead letter that is meant.
 * @param action what is done to a few; returns those that may be removed, and those that stay,
 * each with the reason. What it throws ends the work, after the removal of what was done.
 * @throws {UnfinishedError} it ended early for another reason than the signal.
 */
export async function work(
  broker: Broker,
  service: string,
  options: WorkOptions,
  action: (found: readonly Found[]) => Promise<Acted>,
): Promise<Tally> {
  const { signal, perSecond = Infinity, onProgress } = options;
  const pace = new Pace(perSecond);
  const size = Math.min(mostAtOnce, pace.turn);
  const failed: { id: string; error: string }[] = [];
  let [matched, done] = [0, 0];
  await using pass = await Pass.start(broker, service, options);
  const tally = () => ({ total: pass.total, lookedAt: pass.found, matched, done, failed });
  const inHand = Math.max(1, Math.ceil(perSecond * secondsInHand));
  try {
    for await (const found of select(pass, options, inHand)) {
      matched += found.length;
      for (let at = 0; at < found.length; at += size) {
        const some = found.slice(at, at + size);
        const waitMs = pace.plan(some.length, performance.now());
        if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return tally();
        const acted = await action(some);
        const lost = await pass.remove(acted.done);
        done += acted.done.length - lost.length;
        acted.onRemoved?.(acted.done.filter((one) => !lost.includes(one)));
        failed.push(
          ...acted.failed,
          ...lost.map(({ letter: { id } }) => ({ id, error: comesAgain })),
        );
        if (acted.stop !== undefined) throw acted.stop;
        onProgress?.(tally());
      }
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnfinishedError(why, tally(), { cause });
  }
  if (pass.outOfReach && !signal.aborted) {
    throw new OutOfReachError(
      `${pass.total - pass.found} dead letters stand behind ${pass.kept} others that stay, more ` +
        "than can be set aside at once: replay or discard some of those first",
      tally(),
    );
  }
  return tally();
}

/** What came of an action. */
export interface Acted {
  readonly done: readonly Found[];
  readonly failed: readonly { readonly id: string; readonly error: string }[];
  /** Told of those that are removed. */
  readonly onRemoved?: (removed: readonly Found[]) => void;
  /** Why nothing more can be done. */
  readonly stop?: unknown;
}
