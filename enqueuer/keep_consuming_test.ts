import assert from "node:assert/strict";
import type { Broker, Delivery } from "../shared/broker/broker.ts";
import { keepConsuming } from "./keep_consuming.ts";

Deno.test("a queue is consumed again after a failure, and what is under way is waited for", async () => {
  const stop = new AbortController();
  const last = Promise.withResolvers<void>();
  const [seen, failures]: [unknown[], unknown[]] = [[], []];
  let times = 0;
  const broker = {
    async *consume(queue: string, { prefetch }: { prefetch: number }) {
      assert.deepEqual([queue, prefetch], ["work", 3]);
      yield { token: ++times } as unknown as Delivery;
      if (times === 1) throw new Error("gone");
      stop.abort();
    },
  } as unknown as Broker;
  let ended = false;
  const consuming = keepConsuming(broker, "work", {
    concurrency: 3,
    signal: stop.signal,
    process({ token }) {
      seen.push(token);
      return token === (2 as unknown) ? last.promise : Promise.resolve();
    },
    failed: (error) => Promise.resolve(void failures.push(String(error))),
  }).finally(() => ended = true);
  await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
  assert.deepEqual([seen, failures, ended], [[1, 2], ["Error: gone"], false]);
  last.resolve();
  await consuming;
});
