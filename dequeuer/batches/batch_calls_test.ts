import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { QueuedRequest } from "../../shared/message/envelope.ts";
import { BatchCalls, type BatchPolicy } from "./batch_calls.ts";
import { Breaker } from "../breaker.ts";
import type { CallEnd } from "../calls.ts";
import { Cancellations } from "../cancellations.ts";
import { Forwarder } from "../forwarder.ts";
import { Gate } from "../gate.ts";
import { Limits } from "../limits.ts";
import { Upstream } from "../upstream.ts";

/** An item as the microservice gets it. */
interface Sent {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** A call as the microservice gets it. */
interface Received {
  readonly items: readonly Sent[];
  readonly path: string;
  readonly signal: AbortSignal;
}

/** What the microservice does: an answer as JSON, a status with a body, or undefined: it hangs up. */
type Answer = (received: Received) => unknown;

class Refusal {
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: string) {
    this.status = status;
    this.body = body;
  }
}

function asAnswer(answer: unknown): { status?: number; body?: string } {
  if (answer === undefined) return {};
  return answer instanceof Refusal ? answer : { body: JSON.stringify(answer) };
}

/** Batches to a microservice that does as `answer` says. */
async function given(
  answer: Answer,
  { concurrency = 1, batchSize = 4, breakerFailures = 100, ...policy }:
    & Partial<BatchPolicy>
    & { concurrency?: number; batchSize?: number; breakerFailures?: number } = {},
) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const call = { items: await json(request), path: request.url, signal: gone.signal };
    received.push(call as Received);
    const { status = 200, body } = asAnswer(await answer(call as Received));
    if (body === undefined) response.destroy();
    else response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const upstream = new Upstream(new URL(`http://127.0.0.1:${port}`), {
    connections: 8,
    maxBodyBytes: 100_000,
  });
  const forwarder = new Forwarder(upstream, 10_000);
  const gate = new Gate(8);
  const breaker = new Breaker(gate, {
    failures: breakerFailures,
    failureRate: 0.99,
    openMs: 60_000,
  });
  const cancelled = new Set<string>();
  const cancellations = { has: (id: string) => cancelled.has(id) } as unknown as Cancellations;
  const limits = new Limits({ concurrency, batchSize, onPrefetch() {} });
  const flushes: string[] = [];
  const calls = new BatchCalls(
    {
      forwarder,
      breaker,
      cancellations,
      limits,
      queue: "q",
      onFlush: (items, _waitMs, reason) => void flushes.push(`${items} ${reason}`),
      readSpooled: async function* (id) {
        yield new TextEncoder().encode(JSON.stringify(id).slice(0, 2));
        yield new TextEncoder().encode(JSON.stringify(id).slice(2));
      },
    },
    {
      maxBytes: 1_000_000,
      lingerMs: 20,
      path: "/batch",
      format: "envelopes",
      keyHeader: undefined,
      retryStatuses: new Set([429, 503]),
      timeoutMs: 10_000,
      ...policy,
    },
  );
  return {
    calls,
    received,
    flushes,
    forwarder,
    cancelled,
    async [Symbol.asyncDispose]() {
      await calls[Symbol.asyncDispose]();
      breaker[Symbol.dispose]();
      gate[Symbol.dispose]();
      forwarder[Symbol.dispose]();
      await upstream[Symbol.asyncDispose]();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function request(id: string, options: Partial<QueuedRequest> = {}): QueuedRequest {
  return {
    id,
    method: "POST",
    path: "/embed",
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(id)),
    ...options,
  };
}

/** How a call ended, in few words. */
function shown(end: CallEnd | undefined): string {
  if (!end) return "postponed";
  const { result, countsAttempt } = end;
  if (result.kind !== "response") return result.kind + (countsAttempt ? "" : ", not counted");
  const { status, body } = result.response;
  return `${status} ${new TextDecoder().decode(body)}`.trim() +
    (countsAttempt ? "" : ", not counted");
}

const echo: Answer = ({ items }) =>
  items.map(({ id, body }) => ({ id, status: 200, body: { body } }));
const ids = (received: readonly Received[]) =>
  received.map(({ items }) => items.map(({ id }) => id).join(""));
const called = ({ received }: { received: readonly unknown[] }, count: number) =>
  eventually(() => received.length >= count);

async function eventually(check: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!check()) {
    assert.ok(performance.now() < deadline, "not in time");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("many requests in one call, each with a response of its own", async () => {
  await using g = await given(echo);
  const ends = await Promise.all(
    ["a", "b", "c", "d", "e"].map((id) => g.calls.call(request(id), 2)),
  );
  assert.deepEqual(ends.map(shown), ["a", "b", "c", "d", "e"].map((id) => `200 {"body":"${id}"}`));
  assert.deepEqual(ids(g.received), ["abcd", "e"]);
  const [call] = g.received;
  assert.equal(call?.path, "/batch");
  const [first] = call?.items ?? [];
  assert.deepEqual(first, {
    id: "a",
    method: "POST",
    path: "/embed",
    headers: {
      "content-type": "application/json",
      "proxymq-attempt": "2",
      "proxymq-deadline": "10000",
      "proxymq-request-id": "a",
    },
    body: "a",
  });
});

Deno.test("a body from a spool is an item as others are, if it is not too large for that", async () => {
  await using g = await given(echo);
  const spooled = (size: number) =>
    request("a", { body: new Uint8Array(0), spooled: { spool: "kept", size } });
  assert.equal(shown(await g.calls.call(spooled(6), 1)), '200 {"body":"kept"}');
  assert.equal(shown(await g.calls.call(spooled(7), 1)), "body-gone");
  const { result } = await g.calls.call(spooled(2 ** 30), 1) ?? {};
  assert.ok(result?.kind === "invalid-request");
  assert.match(result.detail, /1073741824 bytes, and .* takes batches gets bodies up to 16777216/);
});

Deno.test("an idle microservice gets a lone request at once", async () => {
  await using g = await given(echo, { lingerMs: 60_000 });
  assert.equal(shown(await g.calls.call(request("a"), 1)), '200 {"body":"a"}');
  assert.equal(shown(await g.calls.call(request("b"), 1)), '200 {"body":"b"}');
  assert.deepEqual(g.flushes, ["1 idle", "1 idle"]);
});

Deno.test("only the like go together, several batches at once", async () => {
  const open = Promise.withResolvers<void>();
  await using g = await given(async (received) => {
    await open.promise;
    return echo(received);
  }, { concurrency: 3, lingerMs: 5, keyHeader: "x-tenant" });
  const ends = Promise.all([
    g.calls.call(request("a"), 1),
    g.calls.call(request("b", { method: "PUT" }), 1),
    g.calls.call(request("c", { headers: { "x-tenant": "t" } }), 1),
    g.calls.call(request("d"), 1),
  ]);
  await called(g, 3);
  assert.equal(g.forwarder.inFlight, 3);
  open.resolve();
  await ends;
  assert.deepEqual(ids(g.received).toSorted(), ["ad", "b", "c"]);
});

Deno.test("a cancelled or expired item leaves its batch before it is sent", async () => {
  const open = Promise.withResolvers<void>();
  await using g = await given(async (received) => {
    await open.promise;
    return echo(received);
  });
  const first = g.calls.call(request("a"), 1);
  await called(g, 1);
  const waiting = ["b", "c", "d", "e"].map((id) =>
    g.calls.call(request(id, id === "d" ? { deadline: Date.now() + 1 } : {}), 1)
  );
  g.calls.cancel("b");
  g.calls.cancel("nobody");
  assert.equal(shown(await waiting[0]), "cancelled");
  g.cancelled.add("c");
  const expired = Date.now() + 2;
  await eventually(() => Date.now() > expired);
  open.resolve();
  assert.deepEqual(
    (await Promise.all([first, ...waiting])).map(shown),
    ['200 {"body":"a"}', "cancelled", "cancelled", "expired", '200 {"body":"e"}'],
  );
  assert.deepEqual(ids(g.received), ["a", "e"]);
});

Deno.test("in flight, a cancelled item loses its reply; the call goes on while anyone waits", async () => {
  const open = Promise.withResolvers<void>();
  await using g = await given(async (received) => {
    await open.promise;
    return echo(received);
  });
  const ends = ["a", "b", "c"].map((id) =>
    g.calls.call(request(id, id === "c" ? { deadline: Date.now() + 150 } : {}), 1)
  );
  await called(g, 1);
  g.calls.cancel("a");
  assert.equal(shown(await ends[0]), "cancelled");
  assert.equal(shown(await ends[2]), "timeout");
  assert.equal(g.forwarder.inFlight, 1);
  open.resolve();
  assert.equal(shown(await ends[1]), '200 {"body":"b"}');
});

Deno.test("when all items are cancelled the call is aborted", async () => {
  let aborted = false;
  await using g = await given(async ({ signal }) => {
    await once(signal, "abort");
    aborted = true;
  });
  const ends = ["a", "b"].map((id) => g.calls.call(request(id), 1));
  await called(g, 1);
  g.calls.cancel("a");
  g.calls.cancel("b");
  assert.deepEqual((await Promise.all(ends)).map(shown), ["cancelled", "cancelled"]);
  await eventually(() => aborted && g.forwarder.inFlight === 0);
});

Deno.test("a batch that fails as a whole is halved until the poison is alone", async () => {
  await using g = await given(
    (received) =>
      received.items.some(({ id }) => id === "f") ? new Refusal(500, "poison") : echo(received),
    { batchSize: 8 },
  );
  const names = [..."abcdefgh"];
  const ends = await Promise.all(names.map((id) => g.calls.call(request(id), 1)));
  assert.deepEqual(
    ends.map(shown),
    names.map((id) => id === "f" ? "500 poison" : `200 {"body":"${id}"}`),
  );
  assert.deepEqual(ids(g.received), ["abcdefgh", "abcd", "efgh", "ef", "e", "f", "gh"]);
});

Deno.test("a failure that may pass uses up nobody's attempt; they come again in smaller batches", async () => {
  let calls = 0;
  await using g = await given((received) =>
    ++calls <= 2 ? new Refusal(503, "busy") : echo(received)
  );
  const all = (attempt: number) =>
    Promise.all([..."abcd"].map((id) => g.calls.call(request(id), attempt)));
  assert.deepEqual((await all(1)).map(shown), Array(4).fill("503 busy, not counted"));
  const second = (await all(1)).map(shown);
  assert.deepEqual(second.slice(0, 2), Array(2).fill("503 busy, not counted"));
  assert.deepEqual(second.slice(2), ['200 {"body":"c"}', '200 {"body":"d"}']);
  await all(1);
  assert.deepEqual(ids(g.received).slice(0, 3), ["abcd", "ab", "cd"]);
  assert.deepEqual(ids(g.received).slice(3).toSorted(), ["a", "b", "cd"]);
});

Deno.test("who crashes the microservice does not take its neighbours' attempts along", async () => {
  const attempts = new Map<string, number>();
  await using g = await given((received) =>
    received.items.some(({ id }) => id === "c") ? undefined : echo(received)
  );
  let waiting = [..."abcd"];
  const answered: string[] = [];
  for (let round = 0; waiting.length > 0 && round < 10; round++) {
    const ends = await Promise.all(waiting.map((id) => g.calls.call(request(id), 1)));
    for (const [i, id] of waiting.entries()) {
      const end = ends[i];
      if (end?.result.kind === "response") answered.push(id);
      else if (end?.countsAttempt) attempts.set(id, (attempts.get(id) ?? 0) + 1);
    }
    waiting = waiting.filter((id) => !answered.includes(id));
  }
  assert.deepEqual(answered.toSorted(), ["a", "b", "d"]);
  assert.deepEqual(waiting, ["c"]);
  assert.deepEqual([...attempts.keys()], ["c"]);
});

Deno.test("per-item failures are the items' own, and count", async () => {
  await using g = await given(({ items }) => ({
    batchItemFailures: [{ itemIdentifier: items[1]?.id }],
  }));
  const ends = await Promise.all([..."abc"].map((id) => g.calls.call(request(id), 1)));
  assert.deepEqual(ends.map(shown), ["204", "failed", "204"]);
});

Deno.test("items without an id, or with the same one, get ids of their own", async () => {
  await using g = await given(echo);
  const ends = await Promise.all([
    g.calls.call(request("a"), 1),
    g.calls.call(request("a"), 1),
    g.calls.call({ ...request("x"), id: undefined }, 1),
  ]);
  assert.deepEqual(ends.map(shown), ['200 {"body":"a"}', '200 {"body":"a"}', '200 {"body":"x"}']);
  assert.equal(new Set(g.received[0]?.items.map(({ id }) => id)).size, 3);
});

Deno.test("bodies: JSON alone goes, in order; anything else is the request's fault", async () => {
  await using g = await given(({ items }) => items.map((item) => ({ got: item })), {
    format: "bodies",
  });
  const ends = await Promise.all([
    g.calls.call(request("a"), 1),
    g.calls.call(request("b", { headers: { "content-type": "text/plain" } }), 1),
    g.calls.call(request("c"), 1),
  ]);
  assert.deepEqual(ends.map(shown), ['200 {"got":"a"}', "invalid-request", '200 {"got":"c"}']);
  assert.deepEqual(g.received.map(({ items }) => items), [["a", "c"]]);
});

Deno.test("an open circuit breaker postpones what is waiting", async () => {
  await using g = await given(() => new Refusal(503, "down"), {
    breakerFailures: 2,
    batchSize: 2,
  });
  const ends = await Promise.all([..."abcdef"].map((id) => g.calls.call(request(id), 1)));
  assert.deepEqual(ends.map(shown), [
    ...Array(4).fill("503 down, not counted"),
    "postponed",
    "postponed",
  ]);
  assert.equal(g.received.length, 2);
});

Deno.test("the breaker takes a batch for a failure when none of its items got through", async () => {
  const answers: Answer = ({ items }) =>
    items.map(({ id }) => ({ id, status: id === "b" ? 200 : 503 }));
  await using g = await given(answers, { breakerFailures: 1, batchSize: 1 });
  assert.equal(shown(await g.calls.call(request("b"), 1)), "200");
  assert.equal(shown(await g.calls.call(request("a"), 1)), "503");
  assert.equal(shown(await g.calls.call(request("c"), 1)), "postponed");
});

Deno.test("a drain ends all waiting, a stop everything", async () => {
  const open = Promise.withResolvers<void>();
  await using g = await given(async (received) => {
    await open.promise;
    return echo(received);
  }, { lingerMs: 60_000, concurrency: 2 });
  const first = g.calls.call(request("a"), 1);
  await called(g, 1);
  const lingering = g.calls.call(request("b"), 1);
  g.calls.drain();
  await called(g, 2);
  assert.deepEqual(g.flushes, ["1 idle", "1 end"]);
  const waiting = g.calls.call(request("c"), 1);
  g.calls.stop();
  assert.deepEqual(
    (await Promise.all([first, lingering, waiting])).map((end) => end?.result.kind),
    ["stopped", "stopped", "stopped"],
  );
  assert.equal((await g.calls.call(request("d"), 1))?.result.kind, "stopped");
  // What stops may have cut its reading off.
  const unread = request("e", { spooled: { spool: "kept", size: 7 } });
  assert.equal(shown(await g.calls.call(unread, 1)), "stopped, not counted");
  open.resolve();
});
