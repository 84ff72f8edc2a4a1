import { LogResults } from "../../results/log/log_results.ts";
import { PackingLog } from "../../results/log/packing_log.ts";
import type { ResultStore, ResultStoreOptions } from "../../results/result_store.ts";
import { TopicLog, type TopicLogOptions } from "./topic_log.ts";

/** The topic that requests, their changes and responses are written to. */
const resultsTopic = "proxymq_results";
/** The topic of the requests that were cancelled. */
const cancelsTopic = "proxymq_cancels";

/** What the log keeps longer than it is asked for, for clocks that differ, milliseconds. */
const marginMs = 60_000;
/** A request can be delayed for a year, and be cancelled for as long. */
const cancelsMaxAgeMs = 370 * 86_400_000;
/** Some 100,000 cancels: what a dequeuer reads at its start within seconds. */
const cancelsMaxBytes = 24 * 2 ** 20;

/** Kafka's result store: two topics, over a broker handle's own connections. */
export function topicResults(
  shared: Pick<TopicLogOptions, "cluster" | "target" | "producer">,
  options: ResultStoreOptions,
): ResultStore {
  const results = new TopicLog({
    ...shared,
    name: resultsTopic,
    // Who only records does not know how long the enqueuers want it to be kept.
    ...(options.lookUps ? { maxAgeMs: options.ttlMs + marginMs } : {}),
  });
  const cancels = new TopicLog({
    ...shared,
    name: cancelsTopic,
    maxAgeMs: cancelsMaxAgeMs,
    maxBytes: cancelsMaxBytes,
  });
  return new LogResults(new PackingLog(results), cancels, options);
}
