import { eventually } from "../../tests/support/waiting.ts";

/** What a caller was told. */
export interface Told {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly ms: number;
}

/** Sends one request and waits for its end. */
export async function ask(url: string, patienceMs = 30_000): Promise<Told> {
  const since = performance.now();
  const response = await fetch(`${url}/ask`, { signal: AbortSignal.timeout(patienceMs) });
  await response.body?.cancel();
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    ms: performance.now() - since,
  };
}

/**
 * Asks until the answer is 503. What was accepted just before the broker stopped taking anything is
 * answered only when it does again: it is not waited for.
 */
export async function until503(url: string): Promise<void> {
  await eventually(async () => (await ask(url, 1_000)).status === 503, { timeoutMs: 30_000 });
}
