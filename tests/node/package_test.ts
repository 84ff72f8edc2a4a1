/**
 * The npm package, installed, on Node: its commands, alone and together with Deno's, and this
 * project's own tests run against it; all of those with `TEST_NODE=all` (`deno task test:node`).
 */

import assert from "node:assert/strict";
import { brokersUnderTest } from "../brokers.ts";
import { microservice } from "../e2e/stack.ts";
import {
  type Env,
  type ServiceProcess,
  startDequeuer,
  startEnqueuer,
} from "../process/service_process.ts";
import { Installation } from "./installation.ts";
import { missingRegistry } from "./node_runtime.ts";

const missing = await missingRegistry();
const all = Deno.env.get("TEST_NODE") === "all";
const later = all ? undefined : "for deno task test:node";

let installation: Promise<Installation> | undefined;
const installed = () => installation ??= Installation.make();
Deno.test.afterAll(async () => {
  await (await installation?.catch(() => undefined))?.[Symbol.asyncDispose]();
});

function nodeTest(name: string, fn: () => Promise<void>, reason = missing): void {
  Deno.test({
    name: `node: ${name}${reason ? ` [${reason}]` : ""}`,
    ignore: reason !== undefined,
    // The installation outlives the test that makes it, and esbuild's process the one that builds.
    sanitizeResources: false,
    sanitizeOps: false,
    fn,
  });
}

nodeTest("the package installs, and its command says what it has", async () => {
  const node = await installed();
  assert.match(await node.proxymq(["--help"]), /^ {2}dead-letters +lists, /m);
  assert.match(await node.proxymq(["dequeuer", "--help"]), /^Usage: proxymq dequeuer /m);
});

nodeTest("the library's exports are there, with their types", async () => {
  const node = await installed();
  const script = await node.write(
    "library.js",
    `import { batch, createDequeuer, createEnqueuer, openBroker } from "proxymq";
const broker = { brokerUrl: "memory:library" };
const enqueuer = await createEnqueuer({ ...broker, port: 0, services: ["library"] });
await enqueuer.ready;
const { status } = await fetch(enqueuer.url + "/docs/swagger-ui-bundle.js");
console.log(status, typeof batch, typeof createDequeuer, typeof openBroker);
await enqueuer.close();
`,
  );
  assert.equal(await node.run([script]), "200 function function function\n");
});

type Start = (service: "enqueuer" | "dequeuer", env: Env) => Promise<ServiceProcess>;
const onNode: Start = async (service, env) => (await installed()).start(service, env);
const onDeno: Start = (service, env) =>
  Promise.resolve(service === "enqueuer" ? startEnqueuer(env) : startDequeuer(env));

const pairs: Readonly<Record<string, readonly [Start, Start]>> = {
  "a Node enqueuer and a Node dequeuer": [onNode, onNode],
  "a Deno enqueuer and a Node dequeuer": [onDeno, onNode],
  "a Node enqueuer and a Deno dequeuer": [onNode, onDeno],
};

for (
  const broker of brokersUnderTest.filter(({ name }) =>
    /^(sqlite|redis|kafka|.* quorum)$/.test(name)
  )
) {
  for (const [pair, [startFront, startBack]] of Object.entries(pairs)) {
    nodeTest(`${broker.name}: ${pair} answer, and drain at SIGTERM`, async () => {
      await using t = await broker.setUp();
      const service = t.service();
      const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
      const { promise: answer, resolve: giveAnswer } = Promise.withResolvers<void>();
      await using target = microservice(async (request) => {
        if (request.url.endsWith("/slow")) {
          isAsked();
          await answer;
        }
        return new Response(request.body, { headers: { "x-asked": request.url } });
      });
      const env = { BROKER_URL: t.url, LOG_LEVEL: "info" };
      await using enqueuer = await startFront("enqueuer", env);
      await using dequeuer = await startBack("dequeuer", {
        ...env,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: target.url,
      });
      const [front] = await Promise.all([enqueuer.ready(), dequeuer.ready()]);
      const post = async (path: string, body: Uint8Array<ArrayBuffer>) => {
        const response = await fetch(`${front}/proxy/${service}/${path}`, { method: "POST", body });
        assert.equal(response.headers.get("x-asked"), `${target.url}/${path}`);
        return new Uint8Array(await response.arrayBuffer());
      };
      const small = crypto.getRandomValues(new Uint8Array(1_000));
      assert.deepEqual(await post("a%20b?c=d", small), small);
      // Larger than what goes in one message: it streams.
      const large = new Uint8Array(1_000_000).fill(7);
      assert.deepEqual(await post("large", large), large);

      const slow = post("slow", small);
      await asked;
      for (const process of [enqueuer, dequeuer]) process.signal("SIGTERM");
      await Promise.all([enqueuer, dequeuer].map((process) => process.line(/^SIGTERM: finishing/)));
      giveAnswer();
      assert.deepEqual(await slow, small);
      for (const process of [enqueuer, dequeuer]) {
        assert.equal((await process.exited()).code, 0);
        assert.deepEqual(process.troubles, []);
      }
    }, missing ?? broker.missing);
  }
}

nodeTest("a TypeScript program takes the library's declarations, strictly", async () => {
  const node = await installed();
  await node.add("typescript@5.9.3", "@types/node@22.19.0");
  await node.write(
    "typed.ts",
    `import { batch, createDequeuer, createEnqueuer, type Delivery, openBroker } from "proxymq";
export async function run(): Promise<string> {
  const enqueuer = await createEnqueuer({ brokerUrl: "memory:", port: 0, replyTimeout: "5s" });
  // @ts-expect-error: a duration has a unit
  await createDequeuer({ service: "a", targetUrl: "http://a", timeout: "5" });
  const broker = await openBroker("memory:", { name: "typed" });
  const { signal } = new AbortController();
  const source: AsyncIterable<Delivery> = broker.consume("q", { prefetch: 1, signal });
  for await (const { items } of batch(source, { maxItems: 2, lingerMs: 1 })) items[0]?.attempt.toFixed();
  return enqueuer.url;
}
`,
  );
  const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2023"];
  const lib = ["--lib", "es2023,esnext.disposable"];
  await node.run(["node_modules/typescript/bin/tsc", ...options, ...lib, "typed.ts"]);
}, missing ?? later);

/** Their relay is an upgrade of Deno's own server. */
const onDenoOnly = ["tests/rabbitmq/websocket_test.ts"];
const quick = ["tests/conformance/conformance_test.ts"];
const rest = [
  "tests/results/results_test.ts",
  "tests/spools/spools_test.ts",
  ...await testsIn("kafka"),
  ...await testsIn("e2e"),
  ...await testsIn("protocol"),
  ...await testsIn("rabbitmq"),
].filter((file) => !onDenoOnly.includes(file));

for (const file of [...quick, ...rest]) {
  const reason = quick.includes(file) ? undefined : later;
  nodeTest(`${file}${all ? "" : ", embedded brokers"}`, async () => {
    const { passed, skipped } = await (await installed()).runTests([file], {
      ...(all ? {} : withoutServers()),
      // What brings a server up again is Deno's own.
      PROXYMQ_TEST_SERVICES: "",
    });
    assert.ok(passed > 0, `${passed} passed, ${skipped} skipped`);
  }, missing ?? reason);
}

function withoutServers(): Env {
  const names = Object.keys(Deno.env.toObject()).flatMap((name) =>
    /^TEST_\w+(?=_URL$)/.exec(name) ?? []
  );
  return Object.fromEntries(
    names.flatMap((name) => [[`${name}_URL`, ""], [`${name}_MISSING`, later ?? ""]]),
  );
}

async function testsIn(room: string): Promise<string[]> {
  const files = await Array.fromAsync(Deno.readDir(new URL(`../${room}`, import.meta.url)));
  return files.map(({ name }) => `tests/${room}/${name}`)
    .filter((path) => path.endsWith("_test.ts")).sort();
}
