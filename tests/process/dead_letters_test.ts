import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { openBroker } from "../../shared/broker/open.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { eventually, within } from "../support/waiting.ts";
import { temporaryBroker } from "./temporary_broker.ts";

const project = join(import.meta.dirname ?? ".", "..", "..");
const service = "orders";

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command without a terminal, under the permissions of its task. */
function start(url: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...config.tasks["dead-letters"].command.split(" ").slice(1), ...args],
    cwd: project,
    env: { BROKER_URL: url, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function end(child: Deno.ChildProcess): Promise<Result> {
  const { code, stdout, stderr } = await within(child.output(), "the end of the command", {
    timeoutMs: 30_000,
  });
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

const run = (url: string, ...args: string[]) => end(start(url, args));

async function withLetters(
  count: number,
  test: (place: {
    readonly url: string;
    readonly folder: string;
    readonly counts: () => Promise<[number, number]>;
  }) => Promise<void>,
): Promise<void> {
  await using place = await temporaryBroker();
  await using broker = await openBroker(place.url, { name: "test" });
  const [queue, dead] = [requestQueue(service), deadLetterQueue(service)];
  await broker.declare({ kind: "work", name: queue, deadLetterQueue: dead });
  const letters = Array.from({ length: count }, (_, index) => ({
    correlationId: `id-${index}`,
    headers: { method: "GET", path: `/${index}`, "dead-reason": "timeout" },
    body: new TextEncoder().encode(`body ${index}`),
  }));
  await broker.publish({ queue: dead }, letters);
  const ready = async (name: string) => (await broker.stats(name)).ready;
  const counts = async (): Promise<[number, number]> => [await ready(queue), await ready(dead)];
  await test({ url: place.url, folder: place.folder, counts });
}

Deno.test("the dead-letters command lists, shows, replays and discards", () =>
  withLetters(5, async ({ url, counts }) => {
    const list = await run(url, "list", service);
    assert.equal(list.code, 0, list.stderr);
    assert.deepEqual(
      list.stdout.trimEnd().split("\n").map((line) => line.split(" ")[0]),
      ["ID", "id-0", "id-1", "id-2", "id-3", "id-4"],
    );
    assert.match(list.stderr, /^5 of 5 dead letters in orders_dlq$/m);
    const json = JSON.parse((await run(url, "list", service, "--json", "--limit", "2")).stdout);
    assert.equal(json.total, 5);
    assert.equal(json.items.length, 2);

    const show = await run(url, "show", service, "id-3");
    assert.match(show.stdout, /^body, 6 bytes:\n {2}body 3$/m);
    const missing = await run(url, "show", service, "id-9");
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /^dead-letters: orders has no dead letter id-9$/m);

    const asked = await run(url, "replay", service, "--all");
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /there is no terminal: give --yes/);
    const dry = await run(url, "replay", service, "--path", "/1", "--dry-run");
    assert.equal(dry.code, 0);
    assert.equal(dry.stdout, "id-1\n");
    assert.deepEqual(await counts(), [0, 5]);

    const replay = await run(url, "replay", service, "id-1", "id-2", "--yes");
    assert.equal(replay.code, 0);
    assert.match(replay.stderr, /^2 of 5 dead letters replayed into orders_requests$/m);
    assert.deepEqual(await counts(), [2, 3]);
    const discard = await run(url, "discard", service, "--all", "--yes", "--json");
    assert.equal(JSON.parse(discard.stdout).discarded, 3);
    assert.deepEqual(await counts(), [2, 0]);
  }));

Deno.test("what the dead-letters command exports, it imports", () =>
  withLetters(120, async ({ url, folder, counts }) => {
    const file = join(folder, "letters.ndjson");
    const exported = await run(url, "export", service, "--file", file, "--discard");
    assert.equal(exported.code, 0, exported.stderr);
    assert.deepEqual(await counts(), [0, 0]);
    const again = await run(url, "export", service, "--file", file);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is there already/);
    assert.equal((await run(url, "import", service, "--file", file)).code, 0);
    assert.deepEqual(await counts(), [0, 120]);
    const { stdout } = await run(url, "export", service);
    assert.equal(stdout, await Deno.readTextFile(file));
    assert.equal((await run(url, "import", service, "--file", file, "--to-queue")).code, 0);
    assert.deepEqual(await counts(), [120, 120]);
    await Deno.writeTextFile(file, `${stdout.split("\n")[0]}\nrubbish\n`);
    const bad = await run(url, "import", service, "--file", file);
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /line 2: not JSON; the lines before it are imported \(1\)/);
  }));

Deno.test("an interrupted replay leaves each dead letter in one of the two queues", () =>
  withLetters(200, async ({ url, counts }) => {
    const child = start(url, ["replay", service, "--all", "--yes", "--rate", "20/s"]);
    await eventually(async () => (await counts())[0] > 0);
    child.kill("SIGINT");
    const { code, stderr } = await end(child);
    assert.equal(code, 130, stderr);
    const [replayed, dead] = await counts();
    assert.ok(replayed > 0 && replayed < 200);
    assert.equal(dead, 200 - replayed);
    assert.match(stderr, new RegExp(`^${replayed} of 200 dead letters replayed`, "m"));
  }));

Deno.test("the dead-letters command says what is wrong", async () => {
  await using place = await temporaryBroker();
  const cases: [string, string[], number, RegExp][] = [
    [place.url, ["list", "nobody"], 1, /no queue "nobody_dlq".*broker\.db/],
    [place.url, ["list", "Nobody"], 2, /no service name/],
    [place.url, [], 2, /^$/],
    ["amqp://me:s3cret@127.0.0.1:9", ["list", service], 1, /not connected to RabbitMQ/],
    ["postgres://me:s3cret@host/db", ["list", service], 2, /BROKER_URL=/],
  ];
  for (const [url, args, code, message] of cases) {
    const result = await run(url, ...args);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr.replaceAll(/^Warning.*\n/gm, ""), message);
    assert.doesNotMatch(result.stderr, /s3cret/);
  }
  const help = await run(place.url, "--help");
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: deno task dead-letters COMMAND SERVICE/m);
});
