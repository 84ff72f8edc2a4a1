import { backoffMs, pause } from "../../waiting.ts";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";
import type { Cluster } from "./cluster.ts";
import { codes, isUncoordinated, textOf } from "./refusal.ts";
import { shareHeartbeat, type ShareHeartbeatAnswer } from "./share_apis.ts";

const join = 0;
const leave = -1;
/** When the server forgets a member by itself, milliseconds. */
const forgottenMs = 45_000;

/** A member of a share group, which says in the background that it is there. */
export class Membership {
  readonly member: string;
  readonly #cluster: Cluster;
  readonly #group: string;
  readonly #topic: string;
  readonly #stop = new AbortController();
  #epoch = join;
  #beating: Promise<void> | undefined;

  constructor(cluster: Cluster, group: string, topic: string, member: string) {
    this.member = member;
    this.#cluster = cluster;
    this.#group = group;
    this.#topic = topic;
  }

  /**
   * Joins, or joins again, and stays.
   * @throws {BrokerError} the server refuses.
   */
  async join(): Promise<void> {
    this.#epoch = join;
    const { heartbeatMs } = await this.#beat();
    this.#beating ??= this.#beatOn(heartbeatMs);
  }

  /** Leaves. What is held stays held. */
  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#beating;
    if (this.#epoch === join) return;
    this.#epoch = join;
    try {
      if (this.#cluster.connected) return void await this.#send(leave, null);
    } catch {
      // The server has just gone.
    }
    void this.#leaveLater();
  }

  /** A member that does not leave stays in the group's books for a while, as one that consumes. */
  async #leaveLater(): Promise<void> {
    const { closing } = this.#cluster;
    const signal = AbortSignal.any([closing, AbortSignal.timeout(forgottenMs)]);
    for (let failures = 0; !signal.aborted; failures++) {
      await pause(backoffMs(failures), signal);
      try {
        await this.#cluster.ready(signal);
        return void await this.#send(leave, null);
      } catch {
        // It is tried again.
      }
    }
  }

  async #beatOn(everyMs: number): Promise<void> {
    const { signal } = this.#stop;
    let wait = everyMs;
    for (let failures = 0;;) {
      await pause(wait, signal);
      if (signal.aborted || this.#cluster.closing.aborted) return;
      try {
        wait = (await this.#beat()).heartbeatMs;
        failures = 0;
      } catch {
        wait = backoffMs(failures++);
      }
    }
  }

  async #beat(): Promise<ShareHeartbeatAnswer> {
    let answer = await this.#send(this.#epoch, this.#epoch === join ? [this.#topic] : null);
    if (answer.errorCode === codes.unknownMember) {
      this.#epoch = join;
      answer = await this.#send(join, [this.#topic]);
    }
    const { errorCode, errorMessage } = answer;
    if (errorCode !== 0) {
      throw new BrokerUnavailableError(
        `the group "${this.#group}" refuses a member: ${errorMessage ?? textOf(errorCode)}`,
      );
    }
    this.#epoch = answer.memberEpoch;
    return answer;
  }

  async #send(epoch: number, topics: readonly string[] | null): Promise<ShareHeartbeatAnswer> {
    try {
      return await this.#cluster.coordinators.ask(
        this.#group,
        (connection) => shareHeartbeat.async(connection, this.#group, this.member, epoch, topics),
        ({ errorCode }) => isUncoordinated(errorCode),
      );
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      throw new BrokerUnavailableError(`the group "${this.#group}": ${error}`);
    }
  }
}
