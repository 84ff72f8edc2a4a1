/** After so many failures in a row a host is left alone. */
const mostFailures = 5;
/** For how long, milliseconds; then one delivery is let through, to see. */
const leftAloneMs = 30_000;
/** How many hosts are remembered. */
const mostHosts = 1_000;

interface Failing {
  failures: number;
  leftAloneUntil: number;
}

/**
 * Knows which hosts did not answer lately, so that callbacks to them do not take the time and the
 * places of those that would arrive.
 */
export class FailingHosts {
  readonly #hosts = new Map<string, Failing>();

  /** Whether a host is left alone just now. Where it has been for long enough, one call says no. */
  leftAlone(host: string, now: number): boolean {
    const failing = this.#hosts.get(host);
    if (!failing || failing.failures < mostFailures) return false;
    if (now < failing.leftAloneUntil) return true;
    failing.leftAloneUntil = now + leftAloneMs;
    return false;
  }

  /** Notes that a host has answered, whatever it was. */
  answered(host: string): void {
    this.#hosts.delete(host);
  }

  /** Notes that a host was not reached, or did not answer in time. */
  failed(host: string, now: number): void {
    const failures = (this.#hosts.get(host)?.failures ?? 0) + 1;
    this.#hosts.delete(host);
    this.#hosts.set(host, { failures, leftAloneUntil: now + leftAloneMs });
    const [oldest] = this.#hosts.keys();
    if (this.#hosts.size > mostHosts && oldest !== undefined) this.#hosts.delete(oldest);
  }
}
