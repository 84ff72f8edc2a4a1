import type { Env } from "../../../tests/process/service_process.ts";
import { callMs, itemsACall } from "./microservice.ts";

/** A setting of the dequeuer that is measured. */
export interface Setting {
  readonly name: string;
  readonly env: Env;
  /** How many callers there are. */
  readonly connections: number;
  /** How long it runs before it is measured, milliseconds. */
  readonly warmUpMs: number;
}

/** What the microservice could answer a second at most, to so many callers. */
export function ideal(connections: number): number {
  return Math.min(connections, itemsACall) * 1000 / callMs;
}

const fixed: readonly { readonly name: string; readonly env: Env }[] = [
  { name: "no batches", env: { DEQUEUER_CONCURRENCY: "1" } },
  { name: "16, one call at a time", env: { DEQUEUER_BATCH_SIZE: "16", DEQUEUER_CONCURRENCY: "1" } },
  { name: "64, one call at a time", env: { DEQUEUER_BATCH_SIZE: "64", DEQUEUER_CONCURRENCY: "1" } },
  { name: "64, two calls", env: { DEQUEUER_BATCH_SIZE: "64", DEQUEUER_CONCURRENCY: "2" } },
  {
    name: "256, one call at a time",
    env: { DEQUEUER_BATCH_SIZE: "256", DEQUEUER_CONCURRENCY: "1" },
  },
];

/** The settings, each for so many callers. */
export function settings(connections: number): Setting[] {
  return [
    ...fixed.map((setting) => ({ ...setting, connections, warmUpMs: 2_000 })),
    {
      name: "auto, auto",
      env: { DEQUEUER_BATCH_SIZE: "auto", DEQUEUER_CONCURRENCY: "auto" },
      connections,
      warmUpMs: 20_000,
    },
  ];
}
