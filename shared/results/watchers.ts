import type { WakeUp } from "../wake_up.ts";

/** Who is to be woken when a request changes. */
export class Watchers {
  readonly #byRequest = new Map<string, Set<WakeUp>>();

  get any(): boolean {
    return this.#byRequest.size > 0;
  }

  /** The requests that are watched. */
  get requests(): readonly string[] {
    return [...this.#byRequest.keys()];
  }

  has(request: string): boolean {
    return this.#byRequest.has(request);
  }

  add(request: string, wakeUp: WakeUp): void {
    const watchers = this.#byRequest.get(request);
    if (watchers) watchers.add(wakeUp);
    else this.#byRequest.set(request, new Set([wakeUp]));
  }

  remove(request: string, wakeUp: WakeUp): void {
    const watchers = this.#byRequest.get(request);
    watchers?.delete(wakeUp);
    if (watchers?.size === 0) this.#byRequest.delete(request);
  }

  wake(request: string): void {
    for (const wakeUp of this.#byRequest.get(request) ?? []) wakeUp.wake();
  }

  wakeAll(): void {
    for (const request of this.#byRequest.keys()) this.wake(request);
  }
}
