import assert from "node:assert/strict";
import { encodeCancel } from "../../shared/message/cancel.ts";
import { cancelBroadcast, requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, type BrokerUnderTest, eventually, type TestBroker } from "../brokers.ts";
import { metric } from "../support/metrics.ts";
import { callers, fetchCaller } from "./callers.ts";
import { type SlowService, slowService } from "./slow_service.ts";
import { type Env, type Stack, startStack, testDequeuer } from "./stack.ts";

/** A slow microservice behind a queue. */
interface Given extends AsyncDisposable {
  readonly place: TestBroker;
  readonly service: string;
  readonly upstream: SlowService;
  readonly stack: Stack;
  /** Metrics of the two services. */
  readonly front: (name: string) => Promise<number>;
  readonly back: (name: string, labels?: Env) => Promise<number>;
}

async function given(broker: BrokerUnderTest, env: Env = {}): Promise<Given> {
  await using resources = new AsyncDisposableStack();
  const place = resources.use(await broker.setUp());
  const service = place.service();
  const upstream = resources.use(await slowService());
  const stack = resources.use(
    await startStack({ brokerUrl: place.url, service, target: upstream.url, env }),
  );
  const owned = resources.move();
  return {
    place,
    service,
    upstream,
    stack,
    front: (name) => metric(stack.enqueuer.server.url, name),
    back: (name, labels) => metric(stack.dequeuer.server.url, name, labels),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function assertNothingLeft({ place, service, front, back }: Given): Promise<void> {
  const handle = await place.open();
  await eventually(async () => {
    const { ready, dead, inFlight = 0, delayed = 0 } = await handle.stats(requestQueue(service));
    assert.deepEqual({ ready, dead, inFlight, delayed }, {
      ready: 0,
      dead: 0,
      inFlight: 0,
      delayed: 0,
    });
    assert.equal(await front("enqueuer_waiting_callers"), 0);
    assert.equal(await back("dequeuer_in_flight"), 0);
    return true;
  });
}

for (const broker of brokersUnderTest) {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}, over ${broker.name}`, ignore: broker.missing !== undefined, fn });

  for (const [how, call] of Object.entries(callers)) {
    test(`a caller that hangs up while its request waits: never forwarded; ${how}`, async () => {
      await using all = await given(broker, { DEQUEUER_CONCURRENCY: "1" });
      const { stack, upstream, front, back, place, service } = all;
      const blocking = call(`${stack.url}/blocking`);
      await eventually(() => upstream.calls.length === 1);
      const waiting = call(`${stack.url}/waiting`);
      const handle = await place.open();
      await eventually(async () => (await handle.stats(requestQueue(service))).ready === 1);
      waiting.hangUp();
      await eventually(async () => await front("enqueuer_disconnects_total") === 1);
      // What the dequeuer hears second it does second, so that it has heard the first by then.
      blocking.hangUp();
      await eventually(async () =>
        await back("dequeuer_processed_total", { outcome: "cancelled" }) === 2
      );
      assert.equal(await (await fetch(`${stack.url}/quick`)).text(), "answer to /quick");
      assert.deepEqual(upstream.calls.map(({ path }) => path), ["/blocking", "/quick"]);
      await assertNothingLeft(all);
    });

    test(`a caller that hangs up while its request runs: cut within a second; ${how}`, async () => {
      await using all = await given(broker);
      const { stack, upstream, front, back } = all;
      const running = call(`${stack.url}/running`);
      const staying = fetch(`${stack.url}/staying`);
      await eventually(() => upstream.calls.length === 2);
      const [cut, kept] = ["/running", "/staying"].map((path) =>
        upstream.calls.find((one) => one.path === path)
      );
      const hungUpAt = performance.now();
      running.hangUp();
      await eventually(() => cut?.abortedAt !== undefined);
      const ms = (cut?.abortedAt ?? Infinity) - hungUpAt;
      assert.ok(ms < 1_000, `cut after ${ms} ms`);
      await eventually(async () =>
        await back("dequeuer_processed_total", { outcome: "cancelled" }) === 1
      );
      assert.equal(kept?.abortedAt, undefined);
      kept?.answer();
      assert.equal(await (await staying).text(), "answer to /staying");
      assert.equal(await front("enqueuer_disconnects_total"), 1);
      await assertNothingLeft(all);
    });
  }

  test("finish: a caller that hangs up changes nothing for the microservice", async () => {
    await using all = await given(broker, { DEQUEUER_ON_DISCONNECT: "finish" });
    const { stack, upstream, front, back, place, service } = all;
    const caller = fetchCaller(`${stack.url}/work`);
    await eventually(() => upstream.calls.length === 1);
    caller.hangUp();
    await eventually(async () => await front("enqueuer_disconnects_total") === 1);
    upstream.calls[0]?.answer();
    await eventually(async () => await front("enqueuer_replies_dropped_total") === 1);
    assert.equal(upstream.calls[0]?.abortedAt, undefined);
    await eventually(async () =>
      await back("dequeuer_processed_total", { outcome: "answered" }) === 1
    );

    await using foreign = await place.open();
    const replyTo = place.replyQueue();
    await foreign.declare(replyTo);
    const id = "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f";
    await foreign.publish({ queue: requestQueue(service) }, [{
      body: new Uint8Array(0),
      headers: { method: "GET", path: "/asked" },
      correlationId: id,
      replyTo: replyTo.name,
    }]);
    await eventually(() => upstream.calls.length === 2);
    await foreign.publish({ broadcast: cancelBroadcast(service) }, [
      encodeCancel({ id, reason: "requested" }),
    ]);
    await eventually(() => upstream.calls[1]?.abortedAt !== undefined);
    await assertNothingLeft(all);
  });

  test("of two dequeuers the one that has the request cancels it", async () => {
    await using all = await given(broker, { DEQUEUER_CONCURRENCY: "1" });
    const { stack, upstream, place, service } = all;
    await using otherUpstream = await slowService();
    await using other = await testDequeuer({
      BROKER_URL: place.url,
      DEQUEUER_SERVICE: service,
      DEQUEUER_TARGET_URL: otherUpstream.url,
      DEQUEUER_CONCURRENCY: "1",
    });
    await other.ready;
    const paths = ["/one", "/two"];
    const staying = paths.map((path) => {
      const controller = new AbortController();
      const response = fetch(stack.url + path, { signal: controller.signal });
      response.catch(() => {});
      return { path, controller, response };
    });
    await eventually(() => upstream.calls.length === 1 && otherUpstream.calls.length === 1);
    const [gone, kept] = staying[0]?.path === upstream.calls[0]?.path
      ? staying
      : staying.toReversed();
    gone?.controller.abort();
    await eventually(() => upstream.calls[0]?.abortedAt !== undefined);
    otherUpstream.calls[0]?.answer();
    assert.equal(await (await kept?.response)?.text(), `answer to ${kept?.path}`);
    assert.equal(otherUpstream.calls[0]?.abortedAt, undefined);
    const cancelled = (url: string) =>
      metric(url, "dequeuer_processed_total", { outcome: "cancelled" });
    await eventually(async () => await cancelled(stack.dequeuer.server.url) === 1);
    assert.equal(await cancelled(other.server.url), 0);
    await assertNothingLeft(all);
  });

  test("callers that stay are not disturbed, on connections that are used again", async () => {
    await using all = await given(broker);
    const { stack, upstream, front, back } = all;
    for (let round = 0; round < 5; round++) {
      const responses = Array.from({ length: 10 }, (_, n) => fetch(`${stack.url}/${round}-${n}`));
      await eventually(() => upstream.calls.length === 10 * (round + 1));
      for (const call of upstream.calls) call.answer();
      for (const [n, response] of responses.entries()) {
        assert.equal(await (await response).text(), `answer to /${round}-${n}`);
      }
    }
    assert.ok(upstream.calls.every(({ abortedAt }) => abortedAt === undefined));
    assert.equal(await front("enqueuer_disconnects_total"), 0);
    await eventually(async () =>
      await back("dequeuer_processed_total", { outcome: "answered" }) === 50
    );
    assert.equal(await back("dequeuer_processed_total"), 50);
    await assertNothingLeft(all);
  });

  test("500 callers that hang up at once leave nothing behind", async () => {
    await using all = await given(broker);
    const { stack, upstream, front, back } = all;
    const crowd = Array.from({ length: 500 }, (_, n) => fetchCaller(`${stack.url}/${n}`));
    await eventually(async () => await front("enqueuer_waiting_callers") === 500);
    await eventually(() => upstream.calls.length === 32);
    for (const caller of crowd) caller.hangUp();
    await eventually(async () => await front("enqueuer_disconnects_total") === 500);
    await eventually(async () =>
      await back("dequeuer_processed_total", { outcome: "cancelled" }) === 500
    );
    assert.equal(await back("dequeuer_processed_total"), 500);
    await assertNothingLeft(all);
    assert.equal(await (await fetch(`${stack.url}/quick`)).text(), "answer to /quick");
    assert.ok(upstream.calls.length < 500, `${upstream.calls.length} calls`);
  });
}
