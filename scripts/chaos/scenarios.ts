import type { Scenario } from "./scenario.ts";
import { brokerKilled } from "./scenarios/broker_killed.ts";
import { diskFull } from "./scenarios/disk_full.ts";
import { longJob } from "./scenarios/long_job.ts";
import { memoryAlarm } from "./scenarios/memory_alarm.ts";
import { memoryFull } from "./scenarios/memory_full.ts";
import { microserviceMisbehaves } from "./scenarios/microservice_misbehaves.ts";
import { halfOpen, latency, networkCut, resets } from "./scenarios/network.ts";
import { dequeuersKilled, servicesKilled } from "./scenarios/services_killed.ts";

/** All the faults there are, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  brokerKilled,
  memoryAlarm,
  memoryFull,
  networkCut,
  halfOpen,
  latency,
  resets,
  dequeuersKilled,
  servicesKilled,
  microserviceMisbehaves,
  longJob,
  diskFull,
];
