import { setTimeout as delay } from "node:timers/promises";
import { digest, idHeader } from "./microservice.ts";

/** How a caller's request ended. `503`: it was still that after all tries. */
export type Outcome =
  | "right"
  | "wrong"
  | "502"
  | "503"
  | "504"
  | "another status"
  | "connection error";

/** A caller's request, with its tries. Times are those of `performance.now()`. */
export interface Call {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly outcome: Outcome;
  /** How often it was told 503, or found nobody listening, and tried again. */
  readonly retries: number;
}

/** What a load is made of. */
export interface LoadOptions {
  /** Where the service's requests go. */
  readonly url: string;
  readonly requests: number;
  readonly connections: number;
  readonly signal: AbortSignal;
}

/** A caller gives up on a single try, and starts no new one, after this long, milliseconds. */
const patienceMs = 120_000;
const noAnswer = "connection error";
const methods = ["POST", "PUT", "PATCH", "DELETE"] as const;

/**
 * A number of callers, each of which sends one request after the other, every one with a body of
 * its own. No more than {@link allow} says are sent.
 */
export class Load {
  readonly calls: Call[] = [];
  /** When somebody was told 503. */
  readonly unavailable: number[] = [];
  inFlight = 0;
  readonly #options: LoadOptions;
  #requests: number;
  #next = 0;
  #allowed = 0;
  #changed = Promise.withResolvers<void>();

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#requests = options.requests;
  }

  /** How many are sent in all. */
  get requests(): number {
    return this.#requests;
  }

  get connections(): number {
    return this.#options.connections;
  }

  get finished(): number {
    return this.calls.length;
  }

  /** Lets the callers send up to that many requests in all. */
  allow(count: number): void {
    this.#allowed = Math.min(count, this.#requests);
    this.#wake();
  }

  /** Sends no more than were sent so far. */
  stop(): void {
    this.#requests = this.#next;
    this.#wake();
  }

  /** Waits until something holds that changes with the requests. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      this.#options.signal.throwIfAborted();
      await this.#changed.promise;
    }
  }

  /** Resolves when all requests have ended. */
  async run(): Promise<void> {
    const { connections, signal } = this.#options;
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    try {
      await Promise.all(Array.from({ length: connections }, () => this.#caller()));
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  async #caller(): Promise<void> {
    while (this.#next < this.#requests) {
      if (this.#next >= this.#allowed) {
        await this.until(() => this.#next < this.#allowed || this.#next >= this.#requests);
        continue;
      }
      const number = this.#next++;
      this.inFlight++;
      this.#wake();
      this.calls.push(await this.#call(number));
      this.inFlight--;
      this.#wake();
    }
  }

  async #call(number: number): Promise<Call> {
    const { signal } = this.#options;
    const path = `/soak/${number}`;
    const method = methods[number % methods.length] ?? "POST";
    const body = new TextEncoder().encode(`${number} `.padEnd(20 + number % 3000, `${number}`));
    const start = performance.now();
    for (let retries = 0;; retries++) {
      const { outcome, retryAfter } = await this.#try(method, path, body);
      signal.throwIfAborted();
      const end = performance.now();
      if (outcome === "refused") {
        if (end - start > patienceMs) return { path, start, end, outcome: noAnswer, retries };
      } else if (outcome === "503") {
        this.unavailable.push(end);
        if (end - start > patienceMs) return { path, start, end, outcome, retries };
      } else {
        return { path, start, end, outcome, retries };
      }
      await delay(retryAfter * 1000, undefined, { signal });
    }
  }

  async #try(
    method: string,
    path: string,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<{ outcome: Outcome | "refused"; retryAfter: number }> {
    const { url, signal } = this.#options;
    try {
      const response = await fetch(url + path, {
        method,
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
      });
      const text = await response.text();
      const retryAfter = Number(response.headers.get("retry-after") ?? 1);
      if (response.status === 200) {
        const right = digest(method, path, response.headers.get(idHeader) ?? "none", body);
        return { outcome: text === right ? "right" : "wrong", retryAfter };
      }
      const told = (["502", "503", "504"] as const).find((status) =>
        status === String(response.status)
      );
      return { outcome: told ?? "another status", retryAfter };
    } catch (error) {
      // Nobody listens: nothing was accepted.
      const refused = error instanceof Error && isRefused(error.cause);
      return { outcome: refused ? "refused" : noAnswer, retryAfter: 0.1 };
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function isRefused(cause: unknown): boolean {
  return cause instanceof Error && cause.message.includes("client error (Connect)");
}
