import { setTimeout as delay } from "node:timers/promises";
import { ask, until503 } from "../ask.ts";
import type { Scenario } from "../scenario.ts";

/** Callers who are refused are told so within this, milliseconds: most of them, and all of them. */
const mostlyMs = 500;
const alwaysMs = 5_000;

/** RabbitMQ's memory alarm blocks whoever publishes. */
export const memoryAlarm: Scenario = {
  name: "memory-alarm",
  title: "memory alarm of the broker",
  broker: "rabbitmq",
  async run({ server, url, short, signal, fail }) {
    await server.ctl("set_vm_memory_high_watermark", "0.0001");
    try {
      await until503(url);
      const took: number[] = [];
      for (let times = 0; times < 20; times++) {
        const { status, retryAfter, ms } = await ask(url);
        if (status !== 503) fail(`a caller got ${status} during the alarm`);
        if (!retryAfter) fail("a 503 had no Retry-After");
        took.push(ms);
      }
      const [typical = 0, longest = 0] = [took.toSorted((a, b) => a - b)[10], Math.max(...took)];
      if (typical > mostlyMs) fail(`a 503 typically took ${typical.toFixed(0)} ms`);
      if (longest > alwaysMs) fail(`a 503 took ${longest.toFixed(0)} ms`);
      await delay(short ? 500 : 10_000, undefined, { signal });
    } finally {
      await server.ctl("set_vm_memory_high_watermark", "0.4");
    }
  },
};
