import { pause } from "../../waiting.ts";
import type { Cluster } from "./cluster.ts";
import { delayTopic } from "./delays.ts";
import { purge } from "./purge.ts";

/** What is tidied, and when. */
export interface TidyOptions {
  readonly cluster: Cluster;
  /** The queues that are consumed by this handle just now. */
  readonly consumed: () => readonly string[];
  /** Told that there are delays to look after. */
  readonly delayed: () => void;
  /** How often delays are looked after, milliseconds. @default 10,000 */
  readonly everyMs?: number;
  /** Each how many times what is settled is deleted. @default 6 */
  readonly purgeEvery?: number;
}

/** While a handle consumes, looks after what is delayed, and deletes what is settled. */
export async function tidy(options: TidyOptions): Promise<void> {
  const { cluster, consumed, delayed, everyMs = 10_000, purgeEvery = 6 } = options;
  const { closing } = cluster;
  for (let times = 1; !closing.aborted; times++) {
    await pause(everyMs, closing);
    const queues = new Set(consumed());
    if (closing.aborted || queues.size === 0 || !cluster.connected) continue;
    try {
      const delays = await cluster.metadata.topic(delayTopic);
      if (delays) delayed();
      if (times % purgeEvery !== 0) continue;
      for (const name of queues) {
        const topic = await cluster.metadata.topic(name);
        if (topic) await purge(cluster, topic);
      }
      if (delays) await purge(cluster, delays);
    } catch {
      // The next time.
    }
  }
}
