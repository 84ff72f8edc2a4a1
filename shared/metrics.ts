import { Gauge, type Registry } from "prom-client";
import type { BrokerStatus } from "./broker/broker.ts";
import { memoryUsage } from "./runtime.ts";
import { version } from "./version.ts";

/** Bounds of latency histograms, seconds: from a proxy hop to a long job. */
export const latencyBuckets: readonly number[] = [
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
  300,
];

/**
 * Adds what every ProxyMQ process tells of itself. prom-client's own default metrics are not
 * used: on Deno its event-loop lag is wrong, and the rest asks for more permissions.
 */
export function addProcessMetrics(registry: Registry, status: () => BrokerStatus): void {
  const registers = [registry];
  new Gauge({
    name: "proxymq_build_info",
    help: "Always 1; the version is a label.",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);
  new Gauge({
    name: "proxymq_broker_connected",
    help: "1 while the broker is connected, else 0.",
    registers,
    collect() {
      this.set(status().connected ? 1 : 0);
    },
  });
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident set size.",
    registers,
    collect() {
      this.set(memoryUsage().rss);
    },
  });
  new Gauge({
    name: "process_heap_bytes",
    help: "Used JavaScript heap.",
    registers,
    collect() {
      this.set(memoryUsage().heapUsed);
    },
  });
  new Gauge({
    name: "process_event_loop_lag_seconds",
    help: "How late a timer of 0 ms fired at the time of the scrape.",
    registers,
    async collect() {
      const start = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.set((performance.now() - start) / 1000);
    },
  });
}
