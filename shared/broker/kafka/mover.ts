import { logger } from "../../log.ts";
import { QueueNotFoundError } from "../errors.ts";
import { delayTopic, firstHop, leavesAt, nextHop } from "./delays.ts";
import type { Lease } from "./lease.ts";
import { decodeRecord, encodeRecord, numberOf } from "./record.ts";
import { delayFields, type Router } from "./router.ts";
import { acknowledgements } from "./share_apis.ts";
import { ShareConsumer } from "./share_consumer.ts";
import type { GroupSettings } from "./topics.ts";
import type { Consuming } from "./work_consumer.ts";

const log = logger("broker");

/** How many records of a level are held at once. */
const mostEachLevel = 128;
/** How long a record stands still that could not be moved, milliseconds. */
const againMs = 1_000;
/** The longest that a timer can be set to, milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Moves delayed records on when it is time. Any number of handles do it at once: each holds some of
 * the first records of each level, which a level keeps all for the same time.
 */
export class Mover {
  readonly #router: Router;
  readonly #timers = new Map<Lease, ReturnType<typeof setTimeout>>();
  readonly #consumer: ShareConsumer;
  readonly #groups: GroupSettings;
  #stopped = false;

  constructor({ cluster, groups, router, handle }: Consuming) {
    this.#router = router;
    this.#groups = groups;
    this.#consumer = new ShareConsumer({
      cluster,
      groups,
      handle,
      topic: delayTopic,
      most: Infinity,
      mostEach: mostEachLevel,
      onLease: (lease) => this.#wait(lease),
      onMissing: () => router.ensureDelays(),
    });
    this.#consumer.ended.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#consumer.release();
    await this.#consumer.ended.catch(() => {});
  }

  /** Moves it when it is time, or in so many milliseconds at the soonest. */
  #wait(lease: Lease, leastMs = 0): void {
    if (this.#stopped) return;
    const early = this.#groups.isWorn(lease) ? 0 : leavesAt(...delayOf(lease)) - Date.now();
    const ms = Math.max(leastMs, early);
    if (ms <= 0) return void this.#move(lease);
    const timer = setTimeout(() => {
      this.#timers.delete(lease);
      this.#wait(lease);
    }, Math.min(ms, longestTimerMs));
    this.#timers.set(lease, timer);
  }

  async #move(lease: Lease): Promise<void> {
    if (!lease.claim()) return;
    try {
      await this.#publish(lease);
      await lease.holder.acknowledge(lease, acknowledgements.accept);
    } catch (error) {
      if (this.#stopped || !lease.isKept) return;
      log.debug("a delayed message stands still: {error}", { error });
      lease.unclaim();
      this.#wait(lease, againMs);
    }
  }

  async #publish(lease: Lease): Promise<void> {
    const { record } = lease;
    const { fields } = record;
    const message = decodeRecord(record);
    const [dueAt, { left }] = delayOf(lease);
    const early = Date.now() < leavesAt(dueAt, { left });
    // A worn one starts anew with what is left: at the end of its level it would be too late.
    const hop = early ? firstHop(dueAt - Date.now()) : nextHop({ left });
    const queue = fields.get(delayFields.queue);
    const topic = fields.get(delayFields.topic);
    if (hop) {
      const extra: Record<string, string> = {
        [delayFields.due]: `${dueAt}`,
        [delayFields.left]: `${hop.left}`,
        ...(queue === undefined ? {} : { [delayFields.queue]: queue }),
        ...(topic === undefined ? {} : { [delayFields.topic]: topic }),
      };
      return await this.#router.toLevel(hop.level, encodeRecord(message, extra));
    }
    const keep = (extra: Record<string, string>) =>
      this.#router.toUndeliverable(
        encodeRecord(message, { [delayFields.due]: `${dueAt}`, ...extra }),
      );
    const queues = queue !== undefined
      ? [queue]
      : topic !== undefined
      ? await this.#router.queues({ topic })
      : [];
    if (queues.length === 0) {
      return await keep(topic === undefined ? {} : { [delayFields.topic]: topic });
    }
    for (const each of queues) {
      try {
        await this.#router.toQueue(each, [message]);
      } catch (error) {
        if (!(error instanceof QueueNotFoundError)) throw error;
        await keep({ [delayFields.queue]: each });
        log.warn("a message was delayed for the queue {queue}, which is gone", { queue: each });
      }
    }
  }
}

function delayOf({ record: { fields } }: Lease): Parameters<typeof leavesAt> {
  const left = numberOf(fields.get(delayFields.left)) ?? 0;
  return [numberOf(fields.get(delayFields.due)) ?? 0, { left }];
}
