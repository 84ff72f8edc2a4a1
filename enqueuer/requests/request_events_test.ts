import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { RequestRecord, ResultStore } from "../../shared/results/result_store.ts";
import { requestEvents } from "./request_events.ts";

const id = "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f";
const queued: RequestRecord = {
  id,
  service: "s",
  state: "queued",
  run: 0,
  attempt: 0,
  createdAt: 0,
  updatedAt: 0,
  confirmed: true,
};

/** A store that knows one record and tells no change of it. */
function still(record: RequestRecord | undefined): ResultStore {
  return {
    get: () => Promise.resolve(record),
    async *watch(_id: string, signal: AbortSignal) {
      if (!record) return;
      yield record;
      if (signal.aborted) return;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  } as unknown as ResultStore;
}

const decoder = new TextDecoder();

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  return decoder.decode((await reader.read()).value);
}

Deno.test("a quiet stream is kept alive by comments, and ends when it is told to", async () => {
  const clock = FakeTimers.install();
  try {
    const end = new AbortController();
    const response = await requestEvents(still(queued), id, {
      lastEventId: undefined,
      signal: end.signal,
    });
    const reader = response.body?.getReader();
    assert.ok(reader);
    assert.match(
      await next(reader),
      /^id: .*\nevent: status\ndata: \{.*"status":"queued".*\}\n\n$/,
    );
    const kept = next(reader);
    await clock.tickAsync(15_000);
    assert.match(await kept, /^:.*\n\n$/);
    end.abort();
    assert.equal((await reader.read()).done, true);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("a client that hangs up leaves no timer", async () => {
  const clock = FakeTimers.install();
  try {
    const { body } = await requestEvents(still({ ...queued, deadline: 60_000 }), id, {
      lastEventId: undefined,
      signal: new AbortController().signal,
    });
    const reader = body?.getReader();
    await reader?.read();
    await reader?.cancel();
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("a request that expires while it is watched ends as dead", async () => {
  const clock = FakeTimers.install({ now: 0 });
  try {
    const { body } = await requestEvents(still({ ...queued, deadline: 1_000 }), id, {
      lastEventId: undefined,
      signal: new AbortController().signal,
    });
    const reader = body?.getReader();
    assert.ok(reader);
    await next(reader);
    const last = next(reader);
    await clock.tickAsync(6_000);
    assert.match(await last, /"status":"dead".*"reason":"expired"/);
    assert.equal((await reader.read()).done, true);
  } finally {
    clock.uninstall();
  }
});

Deno.test("who has the end, or asks for what is gone, gets 204", async () => {
  const ended = { ...queued, state: "succeeded" } as const;
  const signal = new AbortController().signal;
  const lastEventId = "0-0-0-succeeded";
  assert.equal((await requestEvents(still(ended), id, { lastEventId, signal })).status, 204);
  assert.equal((await requestEvents(still(undefined), id, { lastEventId, signal })).status, 204);
});
