import type { QueuedResponse } from "../shared/message/envelope.ts";
import type { Outcome } from "./outcome.ts";

/** The most that the kept responses may take together, bytes. */
const mostBytes = 64 * 2 ** 20;
/** What a response takes beside its body, roughly, bytes. */
const overheadBytes = 1_024;

interface Kept {
  readonly response: QueuedResponse;
  readonly until: number;
}

/**
 * Answers a request that was answered here before with the same response, instead of running it
 * again; one that is running here already is waited for. The oldest responses go when they take
 * more than 64 MiB.
 */
export class Dedupe {
  readonly #windowMs: number;
  readonly #kept = new Map<string, Kept>();
  readonly #running = new Map<string, Promise<Outcome>>();
  #bytes = 0;

  /** @param windowMs how long a response is kept, milliseconds. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Makes an attempt, unless the request has its answer. */
  async run(id: string, attempt: () => Promise<Outcome>): Promise<Outcome> {
    const response = this.#find(id);
    if (response) return { kind: "answered", response };
    const running = this.#running.get(id);
    if (running) {
      const outcome = await running;
      if (outcome.kind === "answered") return outcome;
    }
    const own = attempt();
    this.#running.set(id, own);
    try {
      const outcome = await own;
      if (outcome.kind === "answered") this.#keep(id, outcome.response);
      return outcome;
    } finally {
      if (this.#running.get(id) === own) this.#running.delete(id);
    }
  }

  #find(id: string): QueuedResponse | undefined {
    this.#forget(Date.now());
    return this.#kept.get(id)?.response;
  }

  #keep(id: string, response: QueuedResponse): void {
    this.#kept.set(id, { response, until: Date.now() + this.#windowMs });
    this.#bytes += size(response);
    this.#forget(Date.now());
  }

  /** All are kept for the same time, so the oldest stand first. */
  #forget(now: number): void {
    for (const [id, { response, until }] of this.#kept) {
      if (until > now && this.#bytes <= mostBytes) return;
      this.#kept.delete(id);
      this.#bytes -= size(response);
    }
  }
}

function size({ body }: QueuedResponse): number {
  return body.byteLength + overheadBytes;
}
