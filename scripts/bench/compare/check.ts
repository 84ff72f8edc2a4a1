import type { Result } from "./table.ts";

/** How much of the recorded ratio may be lost. */
const tolerance = 0.25;

/** Rates of ProxyMQ over RabbitMQ as multiples of a plain proxy hop's, by how many call at once. */
export type Recorded = Readonly<Record<string, number>>;

/** What is recorded of a measurement. */
export function record(results: readonly Result[]): Recorded {
  return Object.fromEntries(
    results.filter(({ variant }) => variant === "quorum").map((
      { connections, ratioTo },
    ) => [connections, Number((ratioTo.hono ?? NaN).toFixed(3))]),
  );
}

/**
 * What has become slower than it was, a sentence each. A ratio to what was measured in the same run,
 * so that it holds on any machine.
 */
export function slower(results: readonly Result[], recorded: Recorded): string[] {
  const now = record(results);
  return Object.entries(recorded).flatMap(([connections, before]) => {
    const ratio = now[connections];
    if (ratio === undefined || ratio >= before * (1 - tolerance)) return [];
    return [
      `at ${connections} at once it is ${ratio.toFixed(2)} of a plain proxy hop; recorded is ` +
      `${before.toFixed(2)}, and ${(before * (1 - tolerance)).toFixed(2)} is the least allowed`,
    ];
  });
}
