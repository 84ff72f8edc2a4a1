import assert from "node:assert/strict";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { take } from "../brokers.ts";
import type { Behaviour } from "./behaviour.ts";

export const behaviour: Behaviour = {
  name: "consuming a queue that does not exist is an error, and creates nothing",
  async run(t) {
    const broker = await t.open();
    const missing = t.workQueue();
    const { signal } = new AbortController();
    const deliveries = broker.consume(missing.name, { prefetch: 1, signal });
    await assert.rejects(take(deliveries, 1), QueueNotFoundError);
    await assert.rejects(broker.stats(missing.name), QueueNotFoundError);
  },
};
