import type { ReadRecord } from "./record.ts";

/** Whoever settles what a lease is for. */
export interface LeaseHolder {
  /** Sends what is done with it. */
  acknowledge(lease: Lease, type: number): Promise<void>;
}

/** A record that is held: the token of a delivery. */
export class Lease {
  readonly holder: LeaseHolder;
  readonly partition: number;
  readonly record: ReadRecord;
  /** How often the server has handed it out, this time included. */
  readonly deliveryCount: number;
  /** Called once, when it takes no room any more. */
  onLeave: (() => void) | undefined;
  #state: "held" | "settling" | "ended" = "held";

  constructor(holder: LeaseHolder, partition: number, record: ReadRecord, deliveryCount: number) {
    this.holder = holder;
    this.partition = partition;
    this.record = record;
    this.deliveryCount = deliveryCount;
  }

  /** Whether it is held, and nobody settles it. */
  get isHeld(): boolean {
    return this.#state === "held";
  }

  /** Whether the server still keeps it for its holder. */
  get isKept(): boolean {
    return this.#state !== "ended";
  }

  /** Starts to settle it. Returns false if somebody has before, or it is lost. */
  claim(): boolean {
    if (this.#state !== "held") return false;
    this.#state = "settling";
    return true;
  }

  /** Gives it back to its holder, whose settling failed. */
  unclaim(): void {
    if (this.#state === "settling") this.#state = "held";
  }

  /** It is settled, or lost. */
  end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.leave();
  }

  /** It takes no room any more. */
  leave(): void {
    const { onLeave } = this;
    this.onLeave = undefined;
    onLeave?.();
  }
}
