import { columns, printable, span } from "../text.ts";
import type { Look } from "./look.ts";

const heads = ["SERVICE", "READY", "IN FLIGHT", "DELAYED", "DEAD", "OLDEST", "CONSUMERS", "RATE"];

/**
 * What an enqueuer says as the lines of a table.
 * @param before what it said before, which a rate needs.
 */
export function view(now: Look, before?: Look): string[] {
  const rows = now.queues.map((queue) => [
    printable(queue.service),
    ...[queue.ready, queue.in_flight, queue.delayed, queue.dead].map(countOf),
    queue.oldest_age_ms === undefined ? "-" : span(queue.oldest_age_ms),
    countOf(queue.consumers),
    rateOf(queue.service, now, before),
  ]);
  return rows.length === 0
    ? ["the enqueuer knows no service yet: ENQUEUER_SERVICES names some, or a request does"]
    : columns([heads, ...rows]);
}

function countOf(count: number | undefined): string {
  return count === undefined ? "-" : String(count);
}

function rateOf(service: string, now: Look, before: Look | undefined): string {
  if (!before) return "-";
  const count = (now.answered.get(service) ?? 0) - (before.answered.get(service) ?? 0);
  const rate = 1_000 * count / (now.at - before.at);
  // It has started anew meanwhile.
  if (!(rate >= 0 && rate < Infinity)) return "-";
  return `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)}/s`;
}
