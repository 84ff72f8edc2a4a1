import type { Broker, QueueStats } from "../../shared/broker/broker.ts";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { UnfinishedError } from "../../shared/dead_letters/work.ts";
import { moveAndFollow } from "../../shared/move/follow.ts";
import { move, type MovedQueue, type MoveOptions, prepareTarget } from "../../shared/move/move.ts";
import { requestQueue } from "../../shared/service_name.ts";
import { canAsk, confirmed, Progress } from "../terminal.ts";
import type { Arguments } from "./arguments.ts";
import { amount, documentOf, linesOf, type Part, stateOf } from "./report.ts";

const say = (text: string) => console.error(text);

/**
 * Moves, or tells what a move would do.
 * @returns the exit code.
 */
export async function run(given: Arguments, signal: AbortSignal): Promise<number> {
  const { service, dryRun } = given;
  await using from = await openBroker(given.from, { name: "proxymq-move" });
  await using to = await openBroker(given.to, { name: "proxymq-move" });
  const there = await sourceStats(from, service);
  const target = await targetStats(to, service);
  say(`from: ${stateOf(there)} (${from.status.detail})`);
  say(`to: ${target ? stateOf(target) : "no queues yet"} (${to.status.detail})`);
  warn(from, to, service, there);
  if (!dryRun && !given.yes) {
    if (!canAsk()) {
      say("move: it asks before it acts, and there is no terminal: give --yes");
      return 2;
    }
    const letters = given.deadLetters ? ` and ${amount(there.dead, "dead-letters")}` : "";
    const what = `${amount(there.ready, "requests")}${letters} of ${service}`;
    if (!await confirmed(`move ${what}?`, signal)) {
      say("nothing was done");
      return signal.aborted ? 130 : 1;
    }
  }
  if (!dryRun) await prepareTarget(to, service, signal);
  const parts: Part[] = [];
  try {
    for (const which of given.deadLetters ? both : requestsOnly) {
      parts.push({ which, dryRun, moved: await movePart(from, to, given, which, signal) });
    }
  } catch (error) {
    if (!(error instanceof UnfinishedError)) throw error;
    for (const part of parts) for (const line of linesOf(part)) say(line);
    say(
      `move: ${error.message}; ${error.tally.done} are moved, the rest is as it was: run it again`,
    );
    return 1;
  }
  const left = await from.stats(requestQueue(service));
  for (const part of parts) for (const line of linesOf(part)) say(line);
  say(`left at the source: ${stateOf(left)}`);
  if (left.delayed && !given.wait) {
    say(`${left.delayed} wait for their time: run it again when they are due, or give --wait`);
  }
  if (given.json) console.log(JSON.stringify(resultOf(given, parts, left), null, 2));
  if (signal.aborted) return 130;
  return parts.some(({ moved }) => moved.failed.length > 0) ? 1 : 0;
}

const requestsOnly = ["requests"] as const;
const both = ["requests", "dead-letters"] as const;

function movePart(
  from: Broker,
  to: Broker,
  { service, wait, dryRun, awaited, limit, perSecond }: Arguments,
  which: MovedQueue,
  signal: AbortSignal,
) {
  const progress = new Progress();
  const options: MoveOptions = {
    signal,
    awaited,
    dryRun,
    limit,
    perSecond,
    onProgress: ({ done, total }) =>
      progress.tell(() => `${done} of ${amount(total, which)} moved`),
  };
  return which === "requests" && wait && !dryRun
    ? moveAndFollow(from, to, service, options)
    : move(from, to, service, which, options);
}

async function sourceStats(from: Broker, service: string): Promise<QueueStats> {
  try {
    return await from.stats(requestQueue(service));
  } catch (error) {
    if (!(error instanceof QueueNotFoundError)) throw error;
    throw new Error(
      `${error.message} (${from.status.detail}): are the service's name and --from right?`,
    );
  }
}

async function targetStats(to: Broker, service: string): Promise<QueueStats | undefined> {
  try {
    return await to.stats(requestQueue(service));
  } catch (error) {
    if (error instanceof QueueNotFoundError) return undefined;
    throw error;
  }
}

function warn(from: Broker, to: Broker, service: string, { consumers }: QueueStats): void {
  if (consumers > 0) {
    say(
      `warning: ${consumers} consume ${requestQueue(service)} at the source still: they go on ` +
        "taking requests from it; better stop those dequeuers first",
    );
  }
  if (to.capabilities.priorities === "none" && from.capabilities.priorities !== "none") {
    say("warning: the target has no priorities: requests keep theirs, and come in their order");
  }
}

function resultOf({ service, dryRun }: Arguments, parts: readonly Part[], left: QueueStats) {
  const { ready, inFlight, delayed, dead } = left;
  return {
    dry_run: dryRun,
    service,
    ...Object.fromEntries(
      parts.map((
        part,
      ) => [part.which === "requests" ? "requests" : "dead_letters", documentOf(part)]),
    ),
    left: { ready, in_flight: inFlight, delayed, dead },
  };
}
