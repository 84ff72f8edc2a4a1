import type { logger } from "../log.ts";
import type { BrokerStatus } from "./broker.ts";

/**
 * Logs the changes of a broker's status, and what its server may lose once for each text.
 * @param stopping from then on a lost connection is no news.
 *
 * @example
 * ```ts
 * await openBroker(url, { name: "example", onStatus: statusLog(log, stopping.signal) });
 * ```
 */
export function statusLog(
  log: ReturnType<typeof logger>,
  stopping: AbortSignal,
): (status: BrokerStatus) => void {
  let warned: string | undefined;
  return ({ connected, detail, warning }) => {
    if (connected) log.info("broker connected: {detail}", { detail });
    else if (!stopping.aborted) log.warn("broker not connected: {detail}", { detail });
    if (warning === undefined || warning === warned) return;
    warned = warning;
    log.warn("the broker may lose what it has confirmed: {warning}", { warning });
  };
}
