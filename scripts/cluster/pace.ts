import type { Load } from "../soak/load.ts";

const tickMs = 20;

/** Lets a load's callers send so many requests a second, until it is disposed of. */
export function pace(load: Load, perSecond: number): Disposable {
  const start = performance.now();
  const before = load.finished;
  const timer = setInterval(() => {
    load.allow(before + Math.floor((performance.now() - start) / 1000 * perSecond));
  }, tickMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
