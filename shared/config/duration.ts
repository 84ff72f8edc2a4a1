const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** How a duration is written, for error messages. */
export const durationForm = "a whole number with a unit: 500ms, 30s, 5m, 1h, 1d";

/**
 * Reads a duration such as `500ms`, `30s`, `5m`, `1h` or `1d`.
 * @returns milliseconds, or undefined if it is not one.
 */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  return Number(digits) * unitMs[unit as keyof typeof unitMs];
}
