import assert from "node:assert/strict";
import { inFlight } from "../../deploy/kubernetes/components/deletion-cost/deletion_cost.ts";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually, within } from "../brokers.ts";
import { microservice } from "../e2e/stack.ts";
import { type ServiceProcess, startDequeuer, startEnqueuer } from "./service_process.ts";

const draining = /finishing what is in flight/;

/** A microservice that keeps what it gets until it is let go, and counts how often it got each. */
function holding() {
  const letGo = Promise.withResolvers<void>();
  const runs = new Map<string, number>();
  let held = 0;
  const served = microservice(async (request) => {
    const { pathname } = new URL(request.url);
    runs.set(pathname, (runs.get(pathname) ?? 0) + 1);
    held++;
    await letGo.promise;
    held--;
    return new Response(`done ${pathname}`);
  });
  return { served, runs, letGo, held: () => held };
}

async function callsUnderWay(dequeuer: ServiceProcess): Promise<number | undefined> {
  const response = await fetch(`${await dequeuer.url()}/metrics`);
  return inFlight(await response.text());
}

for (
  const broker of brokersUnderTest.filter(({ name }) => /^(sqlite|rabbitmq quorum)$/.test(name))
) {
  Deno.test({
    name:
      `scaling down takes the idle one at once, and loses nothing of a busy one, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      await using stack = new AsyncDisposableStack();
      const service = place.service();
      const upstream = holding();
      stack.use(upstream.served);
      stack.defer(() => upstream.letGo.resolve());
      const env = {
        BROKER_URL: place.url,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: upstream.served.url,
        DEQUEUER_CONCURRENCY: "4",
      };
      const [enqueuer, first, second, third] = [
        stack.use(startEnqueuer({ BROKER_URL: place.url })),
        stack.use(startDequeuer(env)),
        stack.use(startDequeuer(env)),
        stack.use(startDequeuer(env)),
      ];
      const [front] = await Promise.all([enqueuer, first, second, third].map((one) => one.ready()));
      const answers: Promise<string>[] = [];
      const ask = () => {
        const path = `/job/${answers.length}`;
        const answer = fetch(`${front}/proxy/${service}${path}`)
          .then(async (response) => `${response.status} ${await response.text()}`);
        answer.catch(() => {});
        answers.push(answer);
      };

      ask();
      await eventually(() => upstream.held() === 1);
      const dequeuers = [first, second, third];
      const calls = await Promise.all(dequeuers.map(callsUnderWay));
      assert.deepEqual(calls.toSorted(), [0, 0, 1], "busy and idle can be told apart");
      const busy = dequeuers[calls.indexOf(1)];
      const idle = dequeuers[calls.indexOf(0)];
      assert.ok(busy && idle);
      idle.signal("SIGTERM");
      assert.equal((await idle.exited({ timeoutMs: 5_000 })).code, 0);
      assert.equal(upstream.held(), 1, "the busy one goes on");

      // Two have room for eight; the others wait in the queue.
      for (let i = 0; i < 15; i++) ask();
      await eventually(() => upstream.held() === 8);
      assert.equal(await callsUnderWay(busy), 4);
      busy.signal("SIGTERM");
      await busy.line(draining);
      upstream.letGo.resolve();
      const texts = await within(Promise.all(answers), "all answers", { timeoutMs: 15_000 });
      assert.deepEqual(texts, texts.map((_, i) => `200 done /job/${i}`));
      assert.equal((await busy.exited({ timeoutMs: 5_000 })).code, 0);
      assert.deepEqual([...upstream.runs.values()].filter((count) => count !== 1), []);

      const handle = await place.open();
      await eventually(() => handle.status.connected);
      const { ready, dead } = await eventually(() => handle.stats(requestQueue(service)));
      assert.deepEqual([ready, dead], [0, 0]);
    },
  });
}
