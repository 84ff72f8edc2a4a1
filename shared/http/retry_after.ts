const httpDate =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Reads a time as `Retry-After` gives it (RFC 9110 section 10.2.3): seconds from now, or an HTTP
 * date (section 5.6.7, without the obsolete forms).
 * @returns milliseconds from `now`, at least 0; undefined if it is neither.
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  if (/^\d{1,12}$/.test(value)) return Number(value) * 1000;
  const date = httpDate.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
