import type { ForwardResult } from "./forwarder.ts";
import { type Circumstances, decide, type RetryPolicy } from "./outcome.ts";

const policy: RetryPolicy = {
  maxAttempts: 3,
  statuses: new Set([429, 503]),
  backoff: { baseMs: 1_000, maxMs: 60_000 },
};
const circumstances: Circumstances = {
  requestId: "019aa7c2-5f00-7000-8000-000000000001",
  isEvent: false,
  attempt: 1,
  countsAttempt: true,
  deadline: 1_764_000_060_000,
  now: 1_764_000_000_000,
  random: 0.5,
};
const answer = (status: number): ForwardResult => ({
  kind: "response",
  response: { status, headers: { "retry-after": "2" }, body: new Uint8Array(0) },
});
const [good, busy] = [answer(200), answer(503)];

Deno.bench("outcome: an answer", () => void decide(good, policy, circumstances));
Deno.bench("outcome: a failure that may pass", () => void decide(busy, policy, circumstances));
