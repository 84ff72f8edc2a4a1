import { backoffMs, pause } from "../../waiting.ts";
import { QueueNotFoundError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import type { Topic } from "./metadata.ts";
import type { Lease } from "./lease.ts";
import { Membership } from "./membership.ts";
import { type Intake, ShareSession, type Stopping, type Wanted } from "./share_session.ts";
import type { GroupSettings } from "./topics.ts";

/** The longest name of a member that Kafka takes. */
const longestMember = 36;

/** How records are shared in. */
export interface ShareConsumerOptions {
  readonly cluster: Cluster;
  readonly groups: GroupSettings;
  /** The handle that it belongs to, which its member's name starts with. */
  readonly handle: string;
  /** The topic, whose group has the same name. */
  readonly topic: string;
  /** How many may be held at once. */
  readonly most: number;
  /** How many of one partition; without it as many as of all. */
  readonly mostEach?: number;
  readonly onLease: (lease: Lease) => void;
  /** Told when the topic is gone; makes it again, or throws what ends it. */
  readonly onMissing: () => Promise<void>;
  /** Told when how many are held has changed. */
  readonly onHeld?: (held: number) => void;
}

/**
 * A member of a topic's share group, with a session at each server that leads a partition of it. It
 * fetches from all of them, whatever the group assigns: so whoever has room gets what there is.
 */
export class ShareConsumer implements Intake {
  readonly member: string;
  /** Resolves when nothing is held any more; rejects if the topic is gone. */
  readonly ended: Promise<void>;
  readonly #options: ShareConsumerOptions;
  readonly #membership: Membership;
  readonly #stop = new AbortController();
  readonly #heldEach = new Map<number, number>();
  #sessions: ShareSession[] = [];
  #stopping: Stopping = "no";
  #held = 0;
  #promised = 0;

  constructor(options: ShareConsumerOptions) {
    this.#options = options;
    const { cluster, topic, handle } = options;
    this.member = `${handle}/${crypto.randomUUID()}`.slice(0, longestMember);
    this.#membership = new Membership(cluster, topic, topic, this.member);
    this.ended = this.#run();
  }

  /** How many records are held. */
  get held(): number {
    return this.#held;
  }

  /** Leaves the group and fetches nothing more; what is held can be settled. */
  stop(): Promise<void> {
    return this.#end("fetching");
  }

  /** The same, and gives back what is held. */
  release(): Promise<void> {
    return this.#end("all");
  }

  want(partitions: readonly number[]): Wanted | undefined {
    const { most, mostEach } = this.#options;
    let room = most - this.#held - this.#promised;
    let open = partitions;
    if (mostEach !== undefined) {
      open = partitions.filter((one) => (this.#heldEach.get(one) ?? 0) <= mostEach / 2);
      room = Math.min(room, Math.floor(mostEach / 2));
    }
    if (room <= 0 || open.length === 0) return undefined;
    this.#promised += room;
    return { partitions: open, most: room };
  }

  take(leases: readonly Lease[], { most }: Wanted): void {
    this.#promised -= most;
    for (const lease of leases) {
      this.#count(lease, 1);
      lease.onLeave = () => {
        this.#count(lease, -1);
        for (const session of this.#sessions) session.wake();
      };
    }
    for (const lease of leases) this.#options.onLease(lease);
    if (this.#sessions.length > 1) { for (const session of this.#sessions) session.wake(); }
  }

  #count({ partition }: Lease, by: number): void {
    this.#held += by;
    this.#heldEach.set(partition, (this.#heldEach.get(partition) ?? 0) + by);
    this.#options.onHeld?.(this.#held);
  }

  async #end(what: Stopping): Promise<void> {
    if (this.#stopping !== "all") this.#stopping = what;
    this.#stop.abort();
    for (const session of this.#sessions) session.stop(this.#stopping);
    await this.#membership.leave();
  }

  async #run(): Promise<void> {
    const { cluster, topic: name, onMissing } = this.#options;
    const { signal } = this.#stop;
    let found = false;
    for (let failures = 0; !signal.aborted && !cluster.closing.aborted; failures++) {
      const start = performance.now();
      try {
        await cluster.ready(signal);
        const topic = await cluster.metadata.topic(name, { again: true });
        if (topic) await this.#consume(topic);
        else {
          await onMissing();
          if (found) failures = 0;
        }
        found = true;
      } catch (error) {
        if (error instanceof QueueNotFoundError && !found) throw error;
        cluster.metadata.forget(name);
      }
      if (performance.now() - start > 10_000) failures = 0;
      if (signal.aborted) break;
      await pause(Math.min(2_000, backoffMs(failures)) / 4, signal);
    }
  }

  /** Consumes until a session ends; the others end with it. */
  async #consume(topic: Topic): Promise<void> {
    const { cluster, groups } = this.#options;
    const { signal } = this.#stop;
    await groups.ensure([topic.name]);
    await this.#membership.join();
    const byLeader = Map.groupBy(topic.leaders.keys(), (index) => topic.leaders[index] ?? -1);
    const sessions = await Promise.all([...byLeader].map(async ([leader, partitions]) => {
      return new ShareSession({
        group: topic.name,
        member: this.member,
        topic,
        partitions,
        connection: await cluster.dedicated(leader),
        intake: this,
      });
    }));
    this.#sessions = sessions;
    if (this.#stopping !== "no") { for (const session of sessions) session.stop(this.#stopping); }
    const running = sessions.map((session) =>
      session.run().finally(() => {
        if (signal.aborted) return;
        for (const other of sessions) if (other !== session) other.stop("all");
      })
    );
    try {
      await Promise.all(running);
    } finally {
      await Promise.allSettled(running);
      this.#sessions = [];
      if (signal.aborted) await this.#membership.leave();
    }
  }
}
