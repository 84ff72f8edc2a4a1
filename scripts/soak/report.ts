import type { Call, Outcome } from "./load.ts";
import type { Fault } from "./faults.ts";
import type { SoakResult } from "./soak.ts";

const outcomes: readonly Outcome[] = [
  "right",
  "wrong",
  "502",
  "503",
  "504",
  "another status",
  "connection error",
];

/** The closing table of a soak, and what went wrong, a line each. */
export function report(result: SoakResult): { text: string; failures: string[] } {
  const { calls, seconds, processes, deadLetters } = result;
  const { before, quiet, after } = result.states;
  const repeated = repeats(result);
  const right = calls.filter(({ outcome }) => outcome === "right");
  const rows: [string, string | number][] = [
    ["broker", result.broker],
    [
      "requests",
      `${calls.length} in ${seconds.toFixed(1)} s, ${(calls.length / seconds).toFixed(0)}/s`,
    ],
    ...outcomes.map((outcome): [string, number] => [
      outcome === "right" || outcome === "wrong" ? `answered ${outcome}` : `ended with ${outcome}`,
      calls.filter((call) => call.outcome === outcome).length,
    ]),
    [
      "504, though it was run",
      calls.filter(({ outcome, path }) => outcome === "504" && result.runs.has(path)).length,
    ],
    ["503 that were tried again", calls.reduce((sum, { retries }) => sum + retries, 0)],
    ["latency p50, p99, longest", latencies(right)],
    ...result.faults.flatMap((fault) => effect(fault, result)),
    ["run more than once, same request", repeated.same],
    ["run more than once, after a 503", repeated.again],
    [
      "in the queue, when quiet",
      `${quiet.ready} ready, ${shown(quiet.unacknowledged)} unacknowledged`,
    ],
    ["consumers, when quiet", quiet.consumers],
    ["connections, when quiet", shown(quiet.connections)],
    ["dead letters", deadLetters.length],
    ...tally(deadLetters.map((letter) => `dead letter: ${letter.reason}`)),
    [
      "left in the end",
      [
        `${after.ready} ready`,
        `${after.consumers} consumers`,
        `${shown(after.connections)} connections`,
        `${shown(after.replyQueues?.length)} reply queues`,
      ].join(", "),
    ],
    ...processes.flatMap((process): [string, string][] => [
      [
        process.name,
        `${mib(process.rssBytes)} resident, ${
          mib(process.heapBytes)
        } heap, exit code ${process.code}`,
      ],
      [
        "",
        `${process.repliesDropped} replies reached nobody, logged ${process.warnings} warnings, ` +
        `${process.errors} errors`,
      ],
    ]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const text = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
  return { text: `\n${text}\n`, failures: failures(result, before.connections ?? 0) };
}

function failures(result: SoakResult, connectionsBefore: number): string[] {
  const { calls, processes, deadLetters } = result;
  const { before, quiet, after } = result.states;
  const dead = new Set(deadLetters.map(({ path }) => path));
  const count = (outcome: Outcome) => calls.filter((call) => call.outcome === outcome).length;
  const lost = calls.filter(({ outcome, path }) =>
    outcome === "connection error" && !dead.has(path)
  );
  const known = new Set(before.replyQueues);
  // On RabbitMQ one to publish and one to consume; on Redis each consumer waits on its own.
  const allowed = 3 * (result.options.broker === "redis" ? 4 : 2);
  const leftQueues = after.replyQueues?.filter((name) => !known.has(name)) ?? [];
  const checks: [boolean, string][] = [
    [calls.length === result.options.requests, `${calls.length} requests were made`],
    [count("wrong") === 0, `${count("wrong")} answers were wrong`],
    [count("another status") === 0, `${count("another status")} callers got an unexpected status`],
    [lost.length === 0, `${lost.length} requests got no answer and are no dead letter`],
    [quiet.ready === 0, `${quiet.ready} requests stayed in the queue`],
    [(quiet.unacknowledged ?? 0) === 0, `${quiet.unacknowledged} requests stayed unacknowledged`],
    [quiet.consumers === 2, `${quiet.consumers} consumers on the queue, not 2`],
    [
      (quiet.connections ?? 0) - connectionsBefore <= allowed,
      `${quiet.connections} connections of 3 processes`,
    ],
    [after.ready === 0, `${after.ready} requests were left in the queue`],
    [after.consumers === 0, `${after.consumers} consumers were left`],
    [
      (after.connections ?? 0) <= connectionsBefore,
      `${after.connections} connections were left, there were ${connectionsBefore} before`,
    ],
    [leftQueues.length === 0, `reply queues were left: ${leftQueues.join(", ")}`],
    ...processes.map(({ name, code }): [boolean, string] => [
      code === 0,
      `${name} ended with ${code}`,
    ]),
  ];
  return checks.filter(([fine]) => !fine).map(([, failure]) => failure);
}

/** What a fault meant to the callers whose requests were under way until all was ready again. */
function effect(
  { name, start, end }: Fault,
  { calls, unavailable }: SoakResult,
): [string, string][] {
  const hit = calls.filter((call) => call.start < end && call.end > start);
  const ended = tally(hit.map(({ outcome }) => outcome)).map(([how, count]) => `${count} ${how}`);
  const told = unavailable.filter((at) => at > start && at < end).length;
  const ends = calls.map((call) => call.end).filter((at) => at > start).sort((a, b) => a - b);
  const silences = ends.map((at, i) => at > end ? 0 : (ends[i + 1] ?? at) - at);
  return [
    [name, `${ms(end - start)} until ready again, no answer for up to ${ms(longest(silences))}`],
    [
      "",
      `meanwhile ${ended.join(", ") || "no requests"}, the slowest after ${
        ms(longest(hit.map((call) => call.end - call.start)))
      }; ${told} times 503`,
    ],
  ];
}

function repeats({ runs }: SoakResult): { same: number; again: number } {
  let same = 0;
  let again = 0;
  for (const ids of runs.values()) {
    for (const count of ids.values()) if (count > 1) same++;
    if (ids.size > 1) again++;
  }
  return { same, again };
}

function latencies(calls: readonly Call[]): string {
  const sorted = calls.map(({ start, end }) => end - start).sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return [at(0.5), at(0.99), sorted.at(-1)].map((value) => ms(value ?? NaN)).join(", ");
}

/** The longest of maybe very many. */
function longest(times: readonly number[]): number {
  return times.reduce((most, time) => Math.max(most, time), 0);
}

function tally(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts];
}

function ms(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

function shown(value: number | undefined): string {
  return value === undefined ? "(not seen)" : String(value);
}
