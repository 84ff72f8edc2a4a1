import assert from "node:assert/strict";
import { setImmediate as settle } from "node:timers/promises";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import { Breaker } from "./breaker.ts";
import type { Cancellations } from "./cancellations.ts";
import type { Forwarder, ForwardResult } from "./forwarder.ts";
import { Gate } from "./gate.ts";
import { Limits } from "./limits.ts";
import { SingleCalls } from "./single_calls.ts";

const good: ForwardResult = {
  kind: "response",
  response: { status: 200, headers: {}, body: new Uint8Array(0) },
};

/** Calls that are held open until they are told how to end. */
function given(concurrency: number | "auto") {
  const open = new Map<string, (result: ForwardResult) => void>();
  const cancelled = new Set<string>();
  const forwarder = {
    forward: ({ id = "" }: QueuedRequest) =>
      new Promise<ForwardResult>((resolve) => open.set(id, resolve)),
    cancel: (id: string) => open.get(id)?.({ kind: "cancelled" }),
    stop: () => open.forEach((end) => end({ kind: "stopped" })),
  } as unknown as Forwarder;
  const cancellations = { has: (id: string) => cancelled.has(id) } as unknown as Cancellations;
  const gate = new Gate(100);
  const breaker = new Breaker(gate, { failures: 2, failureRate: 0.9, openMs: 60_000 });
  const limits = new Limits({ concurrency, batchSize: 1, onPrefetch() {} });
  const calls = new SingleCalls({
    forwarder,
    breaker,
    cancellations,
    limits: limits.adaptive ? limits : undefined,
    streams: () => undefined,
  });
  return {
    calls,
    open,
    cancelled,
    limits,
    [Symbol.dispose]() {
      breaker[Symbol.dispose]();
      gate[Symbol.dispose]();
    },
  };
}

const request = (id: string, deadline?: number): QueuedRequest => ({
  id,
  method: "GET",
  path: "/",
  headers: {},
  body: new Uint8Array(0),
  ...(deadline === undefined ? {} : { deadline }),
});

Deno.test("a limit that is set is the prefetch's affair: every call goes at once", async () => {
  using g = given(2);
  const ends = [..."abc"].map((id) => g.calls.call(request(id), 1));
  await settle();
  assert.equal(g.open.size, 3);
  for (const end of g.open.values()) end(good);
  assert.deepEqual(await Promise.all(ends), Array(3).fill({ result: good, countsAttempt: true }));
});

Deno.test("one that is to be found bounds the calls; who is no longer wanted takes no slot", async () => {
  using g = given("auto");
  assert.equal(g.limits.concurrency, 4);
  const sent: string[] = [];
  const call = (id: string, deadline?: number) =>
    g.calls.call(request(id, deadline), 1, () => sent.push(id));
  const first = [..."abcd"].map((id) => call(id));
  const waiting = [call("e"), call("f", Date.now() - 1), call("g")];
  await settle();
  assert.deepEqual([...g.open.keys()], [..."abcd"]);
  g.cancelled.add("e");
  g.open.get("a")?.(good);
  await first[0];
  assert.equal((await waiting[0])?.result.kind, "cancelled");
  assert.equal((await waiting[1])?.result.kind, "expired");
  await settle();
  assert.deepEqual([...g.open.keys()], [..."abcdg"]);
  assert.deepEqual(sent, [..."abcdg"]);
  g.calls.cancel("g");
  assert.equal((await waiting[2])?.result.kind, "cancelled");
  const late = call("h");
  const stopped = call("i");
  await settle();
  g.calls.stop();
  assert.equal((await late)?.result.kind, "stopped");
  assert.equal((await stopped)?.result.kind, "stopped");
});

Deno.test("while the circuit breaker is open a request is not tried", async () => {
  using g = given(2);
  for (const id of ["a", "b"]) {
    const end = g.calls.call(request(id), 1);
    await settle();
    g.open.get(id)?.({ kind: "unreachable", detail: "refused" });
    assert.equal((await end)?.countsAttempt, true);
  }
  assert.equal(await g.calls.call(request("c"), 1), undefined);
});
