import { setTimeout as delay } from "node:timers/promises";
import type { Misdeed } from "../microservice.ts";
import type { Scenario } from "../scenario.ts";

/** Some requests fail on their first try, a few on every one. */
function misdeed(path: string, attempt: number): Misdeed | undefined {
  const number = Number(/\d+$/.exec(path)?.[0]);
  const always: Record<number, Misdeed> = { 40: "reset", 41: "half a body", 42: "hang" };
  const first: Record<number, Misdeed> = { 3: "hang", 7: "reset", 11: "half a body" };
  return always[number % 100] ?? (attempt === 1 ? first[number % 20] : undefined);
}

/** The microservice hangs, resets, sends half a body; then it dies, and comes back. */
export const microserviceMisbehaves: Scenario = {
  name: "microservice",
  title: "microservice hangs, resets, sends half a body, dies and comes back",
  broker: "any",
  microservice: { misdeed },
  dequeuerEnv: {
    DEQUEUER_TIMEOUT: "1s",
    DEQUEUER_MAX_ATTEMPTS: "3",
    DEQUEUER_RETRY_BASE: "100ms",
    DEQUEUER_BREAKER_OPEN: "500ms",
  },
  async run({ microservice, load, short, signal }) {
    const goal = load.finished + (short ? 150 : 3_000);
    await load.until(() => load.finished >= goal);
    await microservice.die();
    await delay(short ? 1_500 : 10_000, undefined, { signal });
    await microservice.revive();
  },
};
