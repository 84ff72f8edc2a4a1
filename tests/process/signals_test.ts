import assert from "node:assert/strict";
import { eventually } from "../support/waiting.ts";
import { microservice } from "../e2e/stack.ts";
import {
  type ServiceProcess,
  startDequeuer,
  startEnqueuer,
  type StartOptions,
} from "./service_process.ts";
import { temporaryBroker } from "./temporary_broker.ts";

const draining = /finishing what is in flight/;

/** An enqueuer and a dequeuer with a request that waits for the microservice's answer. */
interface Held extends AsyncDisposable {
  readonly enqueuer: ServiceProcess;
  readonly dequeuer: ServiceProcess;
  readonly front: string;
  /** What the caller gets. */
  readonly response: Promise<Response>;
  answer(): void;
}

async function hold(options: StartOptions = {}): Promise<Held> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await temporaryBroker());
  const called = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const upstream = stack.use(microservice(async () => {
    called.resolve();
    await answer.promise;
    return new Response("finished");
  }));
  stack.defer(() => answer.resolve());
  const env = { BROKER_URL: broker.url };
  const enqueuer = stack.use(startEnqueuer(env, options));
  const dequeuer = stack.use(startDequeuer({
    ...env,
    DEQUEUER_SERVICE: "held",
    DEQUEUER_TARGET_URL: upstream.url,
  }, options));
  const [front] = await Promise.all([enqueuer.ready(), dequeuer.ready()]);
  const response = fetch(`${front}/proxy/held/`);
  response.catch(() => {});
  await called.promise;
  const owned = stack.move();
  return {
    enqueuer,
    dequeuer,
    front,
    response,
    answer: () => answer.resolve(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal}: the dequeuer finishes what is in flight, and ends with 0`, async () => {
    await using held = await hold({ by: "task" });
    held.dequeuer.signal(signal);
    await held.dequeuer.line(draining);
    held.answer();
    assert.equal(await (await held.response).text(), "finished");
    assert.equal((await held.dequeuer.exited({ timeoutMs: 3_000 })).code, 0);
  });

  Deno.test(`${signal}: the enqueuer answers who waits, takes nobody new, and ends with 0`, async () => {
    await using held = await hold({ by: "task" });
    held.enqueuer.signal(signal);
    await held.enqueuer.line(draining);
    await eventually(() => isRefused(held.front));
    held.answer();
    assert.equal(await (await held.response).text(), "finished");
    assert.equal((await held.enqueuer.exited({ timeoutMs: 3_000 })).code, 0);
  });
}

Deno.test("Ctrl-C, which a task and its service both get, is one signal to the service", async () => {
  await using held = await hold({ by: "task", ownGroup: true });
  for (const service of [held.dequeuer, held.enqueuer]) {
    service.signalGroup("SIGINT");
    await service.line(draining);
  }
  await eventually(() => isRefused(held.front));
  held.answer();
  assert.equal(await (await held.response).text(), "finished");
  for (const service of [held.dequeuer, held.enqueuer]) {
    assert.equal((await service.exited({ timeoutMs: 3_000 })).code, 0);
  }
});

Deno.test("a second signal ends both at once", async () => {
  await using held = await hold();
  for (const service of [held.enqueuer, held.dequeuer]) {
    service.signal("SIGTERM");
    await service.line(draining);
    await eventually(() => {
      service.signal("SIGINT");
      return service.ended;
    }, { timeoutMs: 2_000 });
    assert.equal((await service.exited()).code, 130);
  }
  await assert.rejects(held.response);
});

async function isRefused(url: string): Promise<boolean> {
  // A connection of its own: one that is kept open may still be served.
  const { hostname, port } = new URL(url);
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return false;
  } catch {
    return true;
  }
}
