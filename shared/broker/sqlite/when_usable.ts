import { setTimeout } from "node:timers/promises";
import { BrokerUnavailableError } from "../errors.ts";
import type { Peer } from "./peer.ts";

/** Pause after a failure that has not made the database unusable, milliseconds. */
const PAUSE = 10;

/**
 * Tries something, and tries it again whenever the database has become usable, until it does not
 * fail for its being unusable.
 * @throws the signal's reason when it aborts.
 */
export async function whenUsable<Result>(
  peer: Peer,
  signal: AbortSignal,
  attempt: () => Result | Promise<Result>,
): Promise<Result> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof BrokerUnavailableError)) throw error;
    }
    if (peer.status.now.connected) await setTimeout(PAUSE, undefined, { signal }).catch(() => {});
    else await usable(peer, signal);
  }
}

function usable(peer: Peer, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = () => {
    if (peer.status.now.connected || signal.aborted) resolve();
  };
  peer.status.listeners.add(check);
  signal.addEventListener("abort", check);
  check();
  return promise.finally(() => {
    peer.status.listeners.delete(check);
    signal.removeEventListener("abort", check);
  });
}
