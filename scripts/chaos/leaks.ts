import { cancelsStream, resultsStream } from "../../shared/broker/rabbitmq/results.ts";
import type { ProcessState, ServerState } from "./snapshot.ts";

/** What the stack holds: the server, if it is one of ours, and the processes. */
export interface Holdings {
  readonly server: ServerState | undefined;
  readonly processes: readonly (ProcessState | undefined)[];
}

/**
 * The consumers of streams, whose connections are gone, stay in the books of a server until these
 * are tidied, every two minutes; their channels, which are counted, do not.
 */
const streams: ReadonlySet<string> = new Set([resultsStream, cancelsStream]);
/** Idle connections to the microservice and from callers come and go. */
const spareFiles = 24;
/** What a runtime's heap may grow by under load before it is collected. */
const spareBytes = 200 * 2 ** 20;

/**
 * What there is more of after a fault than there was before it, a sentence each. New queues of the
 * delay chain are none: the first retry of a certain length declares them for good.
 */
export function findLeaks(before: Holdings, after: Holdings): string[] {
  return [
    ...(before.server && after.server ? serverLeaks(before.server, after.server) : []),
    ...after.processes.flatMap((process, i) => processLeaks(before.processes[i], process)),
  ];
}

/** What a server of our own still holds when all processes have ended, a sentence each. */
export function remains({ connections, channels, queues }: ServerState): string[] {
  return [
    ...(connections > 0 ? [`${connections} connections were left`] : []),
    ...(channels > 0 ? [`${channels} channels were left`] : []),
    ...[...queues].flatMap(([name, { consumers }]) => {
      if (streams.has(name)) return [];
      if (/^(reply|control)_/.test(name)) return [`${name} was left`];
      return consumers > 0 ? [`${consumers} consumers of ${name} were left`] : [];
    }),
  ];
}

/** What a server holds more, or less, than before, a sentence each. */
function serverLeaks(before: ServerState, after: ServerState): string[] {
  const [were, are] = [byKind(before), byKind(after)];
  const counts: readonly (readonly [string, number, number])[] = [
    ["connections", before.connections, after.connections],
    ["channels", before.channels, after.channels],
    ...[...new Set([...were.keys(), ...are.keys()])].flatMap((name) => {
      const [was, is] = [were.get(name) ?? none, are.get(name) ?? none];
      return [
        [`queues ${name}`, was.queues, is.queues] as const,
        [`consumers of ${name}`, was.consumers, is.consumers] as const,
      ];
    }),
  ];
  return counts.filter(([, was, is]) => was !== is).map(([what, was, is]) =>
    `${is} ${what}, there were ${was}`
  );
}

const none = { queues: 0, consumers: 0 };

/** The queues of processes have names that go with them; those of the delay chain stay for good. */
function byKind({ queues }: ServerState): Map<string, typeof none> {
  const kinds = new Map<string, typeof none>();
  for (const [name, { consumers }] of queues) {
    if (name.startsWith("proxymq_delay_") || streams.has(name)) continue;
    const kind = name.replace(/^(reply|control)_.*/, "$1_*");
    const sum = kinds.get(kind) ?? none;
    kinds.set(kind, { queues: sum.queues + 1, consumers: sum.consumers + consumers });
  }
  return kinds;
}

function processLeaks(before: ProcessState | undefined, after: ProcessState | undefined): string[] {
  if (!before || !after) return [];
  const { task } = after;
  return [
    ...(after.files > before.files + spareFiles
      ? [`${task} has ${after.files} open files, there were ${before.files}`]
      : []),
    ...(after.rssBytes > before.rssBytes + spareBytes
      ? [`${task} takes ${mib(after.rssBytes)}, it took ${mib(before.rssBytes)}`]
      : []),
  ];
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
