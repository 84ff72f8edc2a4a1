import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { brokersUnderTest } from "../brokers.ts";
import { microservice, testDequeuer } from "../e2e/stack.ts";
import { eventually, within } from "../support/waiting.ts";
import { startRelay } from "../support/websocket_relay.ts";

const project = join(import.meta.dirname ?? ".", "..", "..");
const broker = brokersUnderTest.find(({ name }) => name === "rabbitmq classic");

/** What `deno serve` says of itself and its threads. */
interface Edge extends AsyncDisposable {
  readonly url: string;
  readonly output: () => string;
  /** Sends SIGTERM. @returns the exit code. */
  stop(): Promise<number>;
}

/** Runs the enqueuer as the task `edge` does, on two threads, with no more net than these hosts. */
async function startEdge(env: Readonly<Record<string, string>>, net: string): Promise<Edge> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "serve",
      "--parallel",
      "--no-prompt",
      "--host=127.0.0.1",
      "--port=0",
      `--allow-env=${config.permissions.edge.env.join(",")}`,
      `--allow-net=${net}`,
      "enqueuer/edge.ts",
    ],
    cwd: project,
    env: { ...env, DENO_JOBS: "2", NO_COLOR: "1", LOG_FORMAT: "json" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return await follow(child);
}

/** Resolves when it listens. */
async function follow(child: Deno.ChildProcess): Promise<Edge> {
  let output = "";
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) output += text;
  });
  const ended = Promise.all([child.status, ...reading]);
  const listening = () => /Listening on (http:\S+)\/(?: with 2 threads)?\s/.exec(output)?.[1];
  await eventually(() => listening() !== undefined);
  let gone = false;
  const stop = async () => {
    child.kill("SIGTERM");
    const [{ code }] = await within(ended, `the end of the edge\n${output}`);
    gone = true;
    return code;
  };
  return {
    url: listening() ?? "",
    output: () => output,
    stop,
    async [Symbol.asyncDispose]() {
      if (!gone) child.kill("SIGKILL");
      await ended;
    },
  };
}

Deno.test({
  name: "edge: without TCP, over a WebSocket, on several threads, which end at SIGTERM" +
    (broker?.missing ? ` [${broker.missing}]` : ""),
  ignore: !broker || broker.missing !== undefined,
  async fn() {
    if (!broker) return;
    await using t = await broker.setUp();
    const service = t.service();
    const { hostname, port, username, password } = new URL(t.url);
    await using target = microservice(async (request) =>
      new Response(await request.text(), { status: 201 })
    );
    await using dequeuer = await testDequeuer({
      BROKER_URL: t.url,
      DEQUEUER_SERVICE: service,
      DEQUEUER_TARGET_URL: target.url,
    });
    await dequeuer.ready;
    await using relay = startRelay(hostname, Number(port) || 5672);
    const relayed = `127.0.0.1:${relay.port}`;
    await using edge = await startEdge({
      BROKER_URL: `ws://${username}:${password}@${relayed}/ws?queueType=classic`,
    }, relayed);
    await eventually(() => [...edge.output().matchAll(/broker connected/g)].length === 2);
    await eventually(async () => {
      const response = await fetch(`${edge.url}/health/ready`);
      await response.body?.cancel();
      return response.ok;
    });
    const bodies = Array.from({ length: 20 }, (_, index) => `body ${index}`);
    const answers = await Promise.all(bodies.map(async (body) => {
      // Each by a connection of its own, so that both threads get some.
      const headers = { connection: "close" };
      const url = `${edge.url}/proxy/${service}/echo`;
      const response = await fetch(url, { method: "POST", body, headers });
      assert.equal(response.status, 201);
      return await response.text();
    }));
    assert.deepEqual(answers, bodies);
    const page = await fetch(`${edge.url}/docs/swagger-ui.css`);
    assert.match(await page.text(), /swagger-ui/);
    assert.equal(await edge.stop(), 0);

    await using tcp = await startEdge({ BROKER_URL: t.url }, relayed);
    await eventually(async () => {
      const response = await fetch(`${tcp.url}/health/ready`);
      const { checks } = await response.json();
      assert.equal(response.status, 503);
      assert.match(checks.broker, /net access/);
      return true;
    });
  },
});

Deno.test("edge: the task listens on loopback, over SQLite as well, and refuses arguments", async () => {
  const dir = await Deno.makeTempDir({ prefix: "proxymq_edge_" });
  const task = (...args: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args: [...config.tasks.edge.command.split(" ").slice(1), ...args],
      cwd: project,
      env: {
        BROKER_URL: `sqlite:${join(dir, "edge.db")}`,
        DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
        // A second thread that is not there yet would not be told of the SIGTERM.
        DENO_JOBS: "1",
        NO_COLOR: "1",
        LOG_FORMAT: "json",
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  try {
    const { code, stderr } = await task("--port", "8099").output();
    assert.equal(code, 2);
    assert.match(new TextDecoder().decode(stderr), /edge: there is no argument "--port"; allowed/);
    await using edge = await follow(task().spawn());
    const response = await fetch(`${edge.url}/health/ready`);
    assert.deepEqual([response.status, (await response.json()).status], [200, "ready"]);
    assert.equal(await edge.stop(), 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  assert.match(config.tasks.edge.command, / --host 127\.0\.0\.1 --port 8080 /);
});
