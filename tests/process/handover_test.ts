import assert from "node:assert/strict";
import { brokersUnderTest, within } from "../brokers.ts";
import { microservice } from "../e2e/stack.ts";
import { type Env, type ServiceProcess, startDequeuer, startEnqueuer } from "./service_process.ts";

/** A dequeuer that holds a request, and a second one that would answer it. */
interface Held extends AsyncDisposable {
  readonly first: ServiceProcess;
  /** The text that the caller gets. */
  readonly answer: Promise<string>;
}

async function hold(brokerUrl: string, service: string, firstEnv: Env = {}): Promise<Held> {
  await using stack = new AsyncDisposableStack();
  const called = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Response>();
  const hanging = stack.use(microservice(() => {
    called.resolve();
    return ended.promise;
  }));
  stack.defer(() => ended.resolve(new Response("late")));
  const quick = stack.use(
    microservice((request) =>
      new Response(`second, attempt ${request.headers.get("proxymq-attempt")}`)
    ),
  );
  const env = { BROKER_URL: brokerUrl, DEQUEUER_SERVICE: service };
  const enqueuer = stack.use(startEnqueuer(env));
  const first = stack.use(
    startDequeuer({ ...env, DEQUEUER_TARGET_URL: hanging.url, ...firstEnv }),
  );
  const [front] = await Promise.all([enqueuer.ready(), first.ready()]);
  const answer = fetch(`${front}/proxy/${service}/`).then((response) => response.text());
  answer.catch(() => {});
  await called.promise;
  const second = stack.use(startDequeuer({ ...env, DEQUEUER_TARGET_URL: quick.url }));
  await second.ready();
  const owned = stack.move();
  return { first, answer, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Over SQLite, what a killed process held comes back when its lease of 10 s has run out, if not before. */
const handoverMs: Readonly<Record<string, number>> = {
  sqlite: 13_000,
  "rabbitmq quorum": 3_000,
  redis: 5_000,
};

for (const broker of brokersUnderTest.filter(({ name }) => name in handoverMs)) {
  Deno.test({
    name: `a drain that takes too long hands over at once, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      await using held = await hold(place.url, place.service(), {
        DEQUEUER_DRAIN_TIMEOUT: "300ms",
      });
      const start = performance.now();
      held.first.signal("SIGTERM");
      const answered = within(held.answer, "the answer of the second", { timeoutMs: 3_000 })
        .then((answer) => ({ answer, ms: performance.now() - start }));
      assert.equal((await held.first.exited({ timeoutMs: 3_000 })).code, 0);
      const endedMs = performance.now() - start;
      const { answer, ms } = await answered;
      assert.match(answer, /^second, attempt [12]$/);
      console.log(
        `${broker.name}: ended ${endedMs.toFixed(0)} ms after SIGTERM, ` +
          `the caller had its answer after ${ms.toFixed(0)} ms`,
      );
      assert.ok(endedMs >= 290 && endedMs < 1_500, `ended after ${endedMs} ms`);
      assert.ok(ms < 1_500, `answered after ${ms} ms`);
    },
  });

  Deno.test({
    name: `what a killed dequeuer held goes to another, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      await using held = await hold(place.url, place.service());
      const start = performance.now();
      held.first.signal("SIGKILL");
      assert.equal((await held.first.exited()).code, 137);
      const timeoutMs = handoverMs[broker.name] ?? 0;
      const answer = await within(held.answer, "the answer of the second", { timeoutMs });
      assert.match(answer, /^second, attempt [12]$/);
      const ms = performance.now() - start;
      console.log(`${broker.name}: the caller had its answer ${ms.toFixed(0)} ms after SIGKILL`);
    },
  });
}
