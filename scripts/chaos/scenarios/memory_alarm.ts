import { setTimeout as delay } from "node:timers/promises";
import { ask, until503 } from "../ask.ts";
import type { Scenario } from "../scenario.ts";

/** A caller who is refused is told so within this, milliseconds. */
const fastMs = 500;

/** RabbitMQ's memory alarm blocks whoever publishes. */
export const memoryAlarm: Scenario = {
  name: "memory-alarm",
  title: "memory alarm of the broker",
  broker: "rabbitmq",
  async run({ server, url, short, signal, fail }) {
    await server.ctl("set_vm_memory_high_watermark", "0.0001");
    try {
      await until503(url);
      for (let times = 0; times < 20; times++) {
        const { status, retryAfter, ms } = await ask(url);
        if (status !== 503) fail(`a caller got ${status} during the alarm`);
        if (!retryAfter) fail("a 503 had no Retry-After");
        if (ms > fastMs) fail(`a 503 took ${ms.toFixed(0)} ms`);
      }
      await delay(short ? 500 : 10_000, undefined, { signal });
    } finally {
      await server.ctl("set_vm_memory_high_watermark", "0.4");
    }
  },
};
