import type { BrokerStatus } from "../broker.ts";

/** A status, and those who are told when it changes. */
export class Status {
  readonly listeners = new Set<(status: BrokerStatus) => void>();
  #now: BrokerStatus;

  constructor(status: BrokerStatus) {
    this.#now = status;
  }

  get now(): BrokerStatus {
    return this.#now;
  }

  set(status: BrokerStatus): void {
    const { connected, detail } = this.#now;
    if (status.connected === connected && status.detail === detail) return;
    this.#now = status;
    for (const listener of [...this.listeners]) listener(status);
  }
}
