import type { Capabilities } from "../shared/broker/broker.ts";

/**
 * What an operator has to do so that jobs may take as long as they are allowed to, or undefined if
 * there is nothing to do.
 *
 * @param timeoutMs how long a job may take, `DEQUEUER_TIMEOUT`.
 */
export function longJobRemark(
  timeoutMs: number,
  { system, maxHoldMs = Infinity }: Pick<Capabilities, "system" | "maxHoldMs">,
): string | undefined {
  if (timeoutMs <= maxHoldMs) return undefined;
  const [allowed, limit] = [timeoutMs, maxHoldMs].map((ms) => Math.floor(ms / 60_000));
  return `DEQUEUER_TIMEOUT allows ${allowed} minutes, but by default ${system} takes back what is ` +
    `held for more than ${limit} minutes, and delivers it again while it still runs: raise ` +
    `consumer_timeout above ${timeoutMs} (milliseconds) on the server, or by a policy ` +
    "(consumer-timeout, from RabbitMQ 3.12 on)";
}
