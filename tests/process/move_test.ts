import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import type { Broker } from "../../shared/broker/broker.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { prepareTarget } from "../../shared/move/move.ts";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually, within } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import { temporaryBroker } from "./temporary_broker.ts";

const project = join(import.meta.dirname ?? ".", "..", "..");
const { signal } = new AbortController();

/** Starts the command without a terminal, under the permissions of its task. */
function start(from: string, to: string, ...args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...config.tasks.move.command.split(" ").slice(1), ...args],
    cwd: project,
    env: { MOVE_FROM: from, MOVE_TO: to, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function end(child: Deno.ChildProcess) {
  const output = within(child.output(), "the end of the command", { timeoutMs: 30_000 });
  const { code, stdout, stderr } = await output;
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

async function publish(broker: Broker, service: string, count: number): Promise<void> {
  await prepareTarget(broker, service, signal);
  const messages = Array.from({ length: count }, (_, index) => ({
    correlationId: `id-${index}`,
    headers: { method: "GET", path: "/", tracked: true },
    body: new Uint8Array(10),
  }));
  await broker.publish({ queue: requestQueue(service) }, messages);
}

Deno.test("the move command counts, asks, moves, and is run again after an interruption", async () => {
  await using place = await temporaryBroker();
  const [here, there] = [place.url, place.url.replace("broker.db", "other.db")];
  const service = "orders";
  await using from = await openBroker(here, { name: "test" });
  await publish(from, service, 200);
  const move = (...args: string[]) => start(here, there, "--service", service, ...args);

  const dry = await end(move("--dry-run", "--json"));
  assert.equal(dry.code, 0, dry.stderr);
  const { requests, left } = JSON.parse(dry.stdout);
  assert.deepEqual(requests, { total: 200, moved: 200, tracked: 200, waiting: 0, failed: [] });
  assert.equal(left.ready, 200);
  const asked = await end(move());
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /there is no terminal: give --yes/);

  const child = move("--yes", "--rate", "40/s");
  await using to = await openBroker(there, { name: "test" });
  const ready = async (broker: Broker) => (await broker.stats(requestQueue(service))).ready;
  await eventually(async () => await ready(to) > 0);
  child.kill("SIGINT");
  const interrupted = await end(child);
  assert.equal(interrupted.code, 130, interrupted.stderr);
  const moved = await ready(to);
  assert.ok(moved > 0 && moved < 200);
  assert.equal(await ready(from), 200 - moved);
  assert.match(interrupted.stderr, new RegExp(`^${moved} requests moved$`, "m"));

  const rest = await end(move("--yes", "--wait"));
  assert.equal(rest.code, 0, rest.stderr);
  assert.match(rest.stderr, /^left at the source: 0 ready/m);
  assert.deepEqual([await ready(from), await ready(to)], [0, 200]);

  const wrong = await end(start(here, there, "--service", "nobody", "--yes"));
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /no queue "nobody_requests".*service's name and --from right/);
});

const rabbitmq = brokersUnderTest.find(({ name }) => name === "rabbitmq quorum");

Deno.test({
  name: "a move that is killed in the middle loses nothing",
  ignore: rabbitmq?.missing !== undefined,
  async fn() {
    await using source = await rabbitmq?.setUp();
    assert.ok(source);
    await using place = await temporaryBroker();
    const service = source.service();
    const queue = requestQueue(service);
    const from = await source.open();
    await publish(from, service, 400);
    await using to = await openBroker(place.url, { name: "test" });
    await prepareTarget(to, service, signal);
    await using come = new Collector(to, queue, { settle: ack });
    const move = (...args: string[]) =>
      start(source.url, place.url, "--service", service, "--yes", ...args);
    const child = move("--rate", "300/s");
    await come.waitFor(60);
    child.kill("SIGKILL");
    await end(child);
    const ids = new Set<string | undefined>();
    await eventually(async () => {
      const rest = await end(move());
      assert.equal(rest.code, 0, rest.stderr);
      for (const { message } of come.deliveries) ids.add(message.correlationId);
      return ids.size === 400;
    });
    // What was published and not yet removed when it died.
    const atOnce = 30;
    assert.ok(come.deliveries.length <= 400 + atOnce, `${come.deliveries.length} came`);
    assert.equal((await from.stats(queue)).ready, 0);
  },
});
