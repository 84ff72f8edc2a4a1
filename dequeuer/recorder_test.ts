import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { Delivery } from "../shared/broker/broker.ts";
import { BrokerUnavailableError, MessageTooLargeError } from "../shared/broker/errors.ts";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import type { Change } from "../shared/results/result_store.ts";
import type { Outcome } from "./outcome.ts";
import { Recorder } from "./recorder.ts";

const request: QueuedRequest = {
  id: "id-1",
  method: "GET",
  path: "/",
  headers: {},
  body: new Uint8Array(0),
  tracked: true,
};
const delivery: Delivery = {
  queue: "q",
  message: { body: request.body, headers: { replays: 2 } },
  attempt: 3,
  redeliveries: 1,
  token: undefined,
};
const response = (status: number) => ({ status, headers: {}, body: new Uint8Array(1) });
const common = { id: "id-1", service: "orders", run: 2, attempt: 4 };

/** A store that refuses with these errors in turn, and then takes what comes. */
function store(...errors: Error[]) {
  const changes: Change[] = [];
  return {
    changes,
    record(change: Change) {
      const error = errors.shift();
      if (error) return Promise.reject(error);
      changes.push(change);
      return Promise.resolve();
    },
  };
}

function fakeTimers() {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"] });
  return {
    tickAsync: (ms: number) => clock.tickAsync(ms),
    [Symbol.dispose]: () => clock.uninstall(),
  };
}

Deno.test("what is recorded of each outcome", async (t) => {
  const failed = { failure: "status-503", response: response(503) };
  const cases: [Outcome, Partial<Change>][] = [
    [{ kind: "answered", response: response(200) }, {
      state: "succeeded",
      response: response(200),
    }],
    [{ kind: "answered", response: response(404) }, { state: "failed", response: response(404) }],
    [{ kind: "dead", reason: "status-503", ...failed }, {
      state: "dead",
      reason: "status-503",
      response: response(503),
    }],
    [{ kind: "cancelled" }, { state: "cancelled" }],
    [{ kind: "postponed" }, { state: "queued" }],
    [{ kind: "released" }, { state: "queued" }],
  ];
  for (const [outcome, expected] of cases) {
    await t.step(outcome.kind, async () => {
      const { changes, ...rest } = store();
      using recorder = new Recorder(rest, "orders");
      await recorder.record(request, delivery, outcome);
      assert.deepEqual(changes, [{ ...common, ...expected }]);
    });
  }
  await t.step("expired", async () => {
    const { changes, ...rest } = store();
    using recorder = new Recorder(rest, "orders");
    await recorder.record(request, delivery, { kind: "expired" });
    assert.deepEqual([changes[0]?.state, changes[0]?.response?.status], ["dead", 504]);
  });
  await t.step("a retry, with the time of the next attempt", async () => {
    const { changes, ...rest } = store();
    using recorder = new Recorder(rest, "orders");
    const before = Date.now();
    await recorder.record(request, delivery, {
      kind: "retry",
      delayMs: 5_000,
      countsAttempt: true,
      failure: "timeout",
    });
    const [recorded] = changes;
    assert.ok(recorded);
    const { nextAttemptAt = 0, ...change } = recorded;
    assert.deepEqual(change, { ...common, state: "queued", reason: "timeout" });
    assert.ok(nextAttemptAt >= before + 5_000 && nextAttemptAt <= Date.now() + 5_000);
  });
});

Deno.test("nothing is recorded of a request whose caller waits", async () => {
  const { changes, ...rest } = store();
  using recorder = new Recorder(rest, "orders");
  const { tracked: _, ...waiting } = request;
  recorder.processing(waiting, delivery);
  await recorder.record(waiting, delivery, { kind: "answered", response: response(200) });
  assert.deepEqual(changes, []);
});

Deno.test("that the microservice has a request is told after a moment, and its loss hurts nobody", async () => {
  using clock = fakeTimers();
  const { changes, ...rest } = store(new BrokerUnavailableError("down"));
  using recorder = new Recorder(rest, "orders");
  recorder.processing(request, delivery);
  await clock.tickAsync(100);
  recorder.processing(request, delivery);
  assert.deepEqual(changes, []);
  await clock.tickAsync(100);
  assert.deepEqual(changes, [{ ...common, state: "processing" }]);
  await recorder.record(request, delivery, { kind: "postponed" });
  await clock.tickAsync(1_000);
  assert.deepEqual(changes.map(({ state }) => state), ["processing", "queued"]);
});

Deno.test("of a request that ends within a moment only the end is told", async () => {
  using clock = fakeTimers();
  const { changes, ...rest } = store();
  using recorder = new Recorder(rest, "orders");
  recorder.processing(request, delivery);
  await clock.tickAsync(50);
  await recorder.record(request, delivery, { kind: "answered", response: response(200) });
  await clock.tickAsync(1_000);
  assert.deepEqual(changes.map(({ state }) => state), ["succeeded"]);
});

Deno.test("an end is offered until the store takes it, or the dequeuer stops", async () => {
  const down = new BrokerUnavailableError("down");
  const { changes, ...rest } = store(down);
  using recorder = new Recorder(rest, "orders");
  await recorder.record(request, delivery, { kind: "answered", response: response(200) });
  assert.equal(changes.length, 1);
  using stopped = new Recorder(store(down, down, down), "orders");
  const end = stopped.record(request, delivery, { kind: "cancelled" });
  stopped.stop();
  await assert.rejects(end, down);
});

Deno.test("a response that is too large for the store is told as that", async () => {
  const { changes, ...rest } = store(new MessageTooLargeError("too much"));
  using recorder = new Recorder(rest, "orders");
  await recorder.record(request, delivery, { kind: "answered", response: response(200) });
  assert.deepEqual([changes[0]?.state, changes[0]?.response?.status], ["failed", 502]);
});
