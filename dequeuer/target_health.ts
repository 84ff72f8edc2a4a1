import { logger } from "../shared/log.ts";
import type { Gate } from "./gate.ts";

const log = logger("target-health");

/** How often the microservice is asked, milliseconds. */
const intervalMs = 1_000;
/** How long it may take to answer, milliseconds. */
const timeoutMs = 2_000;
/** After how many answers missed in a row it counts as gone. */
const mostMissed = 2;

/**
 * Keeps the gate closed until the microservice answers its health URL with 2xx, and closes it
 * again when it stops answering.
 */
export class TargetHealth implements Disposable {
  readonly #gate: Gate;
  readonly #url: URL;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #missed = 0;
  #healthy = false;

  constructor(gate: Gate, url: URL) {
    this.#gate = gate;
    this.#url = url;
    gate.limit("target", 0, `${url} has not answered yet`);
    this.#check();
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #check(): Promise<void> {
    const trouble = await this.#ask();
    if (this.#stop.signal.aborted) return;
    if (trouble === undefined) this.#answered();
    else this.#failed(trouble);
    this.#timer = setTimeout(() => this.#check(), intervalMs);
  }

  /** Returns what is wrong, or undefined. */
  async #ask(): Promise<string | undefined> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const response = await fetch(this.#url, { signal, redirect: "manual" });
      await response.body?.cancel();
      return response.ok ? undefined : `status ${response.status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #answered(): void {
    this.#missed = 0;
    if (this.#healthy) return;
    this.#healthy = true;
    log.info("the microservice answers at {url}", { url: this.#url.href });
    this.#gate.lift("target");
  }

  #failed(trouble: string): void {
    this.#missed++;
    if (!this.#healthy || this.#missed < mostMissed) return;
    this.#healthy = false;
    log.warn("the microservice stopped answering at {url}: {trouble}", {
      url: this.#url.href,
      trouble,
    });
    this.#gate.limit("target", 0, `${this.#url} does not answer: ${trouble}`);
  }
}
