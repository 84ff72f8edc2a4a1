import { LogResults } from "../../results/log/log_results.ts";
import { PackingLog } from "../../results/log/packing_log.ts";
import type { ResultStore, ResultStoreOptions } from "../../results/result_store.ts";
import type { Connection } from "./connection.ts";
import type { Publisher } from "./publisher.ts";
import { StreamLog } from "./stream_log.ts";

/** The stream that requests, their changes and responses are written to. */
export const resultsStream = "proxymq_results";
/** The stream of the requests that were cancelled. */
export const cancelsStream = "proxymq_cancels";

/** What the stream keeps longer than it is asked for, for clocks that differ, milliseconds. */
const marginMs = 60_000;
/** A request can be delayed for a year, and be cancelled for as long. */
const cancelsMaxAgeMs = 370 * 86_400_000;
/** Some 100,000 cancels: what a dequeuer reads at its start within seconds. */
const cancelsMaxBytes = 24 * 2 ** 20;

/** RabbitMQ's result store: two streams, over a broker handle's own connections. */
export function streamResults(
  connection: Connection,
  publisher: Publisher,
  options: ResultStoreOptions,
): ResultStore {
  const results = new StreamLog({
    name: resultsStream,
    connection,
    publisher,
    // Who only records does not know how long the enqueuers want it to be kept.
    ...(options.lookUps ? { maxAgeMs: options.ttlMs + marginMs } : {}),
  });
  const cancels = new StreamLog({
    name: cancelsStream,
    connection,
    publisher,
    maxAgeMs: cancelsMaxAgeMs,
    maxBytes: cancelsMaxBytes,
  });
  return new LogResults(new PackingLog(results), cancels, options);
}
