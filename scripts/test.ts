import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseSummary, type Summary } from "./test_summary.ts";
import { down, lockTests, serviceNames, up, usualRoot } from "./services/manager.ts";

const help = `deno task test [deno test arguments]

Brings up the servers that the tests need (see deno task services), runs the tests, and takes
down what it brought up. The last line is "N passed, N failed".

  deno task test                        all tests
  deno task test shared/broker          those of some files or folders
  deno task test --filter "SOME NAME"   any argument of deno test

Where a server cannot be had, its tests are reported as ignored, with the reason; with CI=true
that is a failure for RabbitMQ.
`;

const project = join(import.meta.dirname ?? ".", "..");

/**
 * Tests that run beside each other, since most of them wait for most of their time. Each lane has servers
 * of its own: those of the first are restarted, and have their connections cut, by its tests.
 */
const lanes: readonly (readonly string[])[] = [
  [
    ...["conformance", "results", "spools", "rabbitmq", "redis", "kafka", "chaos", "cluster"]
      .map((room) => `tests/${room}`),
    ...["tests/node", "tests/library"],
  ],
  ["tests", "examples", "shared", "enqueuer", "dequeuer", "cli", "scripts", "deploy"],
];

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(help);
    return 0;
  }
  const abort = new AbortController();
  const signals = ["SIGINT", "SIGTERM"] as const;
  const onSignal = () => abort.abort(new Error("interrupted"));
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);

  const given = args.some((arg) => existsSync(arg));
  const roots = given
    ? [usualRoot]
    : lanes.map((_, i) => i === 0 ? usualRoot : `${usualRoot}/${i}`);
  const started: Servers[] = [];
  using stack = new DisposableStack();
  try {
    stack.use(await lockTests({ signal: abort.signal, root: usualRoot }));
    for (const root of roots) {
      const servers = await bringUp(root, abort.signal);
      started.push(servers);
      if (abort.signal.aborted) return 130;
      if (Deno.env.get("CI") === "true" && servers.missing.includes("rabbitmq")) return 1;
    }
    return await runTests(args, started, abort.signal);
  } catch (error) {
    if (abort.signal.aborted) return 130;
    throw error;
  } finally {
    for (const { names, root } of started) await down(names, { root });
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  }
}

/** The servers of a lane. */
interface Servers {
  readonly root: string;
  /** Those that were started for it. */
  readonly names: readonly string[];
  /** Those that cannot be had. */
  readonly missing: readonly string[];
  /** How the tests find them, or learn why there is none. */
  readonly env: Readonly<Record<string, string>>;
}

async function bringUp(root: string, signal: AbortSignal): Promise<Servers> {
  const [names, missing]: [string[], string[]] = [[], []];
  const env: Record<string, string> = {};
  for (const name of serviceNames) {
    if (signal.aborted) break;
    try {
      for (const service of await up([name], { signal, root })) {
        console.error(`${name}: ${service.how}, ${new URL(service.url).host}`);
        if (service.started) names.push(name);
        Object.assign(env, service.environment);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : `${error}`;
      console.error(reason);
      missing.push(name);
      env[`TEST_${name.toUpperCase()}_URL`] = "";
      env[`TEST_${name.toUpperCase()}_MISSING`] = reason;
    }
  }
  return { root, names, missing, env };
}

async function runTests(
  args: readonly string[],
  servers: readonly Servers[],
  signal: AbortSignal,
): Promise<number> {
  const [first, ...others] = servers.map(({ env }, lane): Lane => ({
    args,
    env,
    signal,
    paths: servers.length > 1 ? lanes[lane] ?? [] : [],
    // A lane is without what the ones before it have.
    ignored: lanes.slice(0, lane).flat(),
  }));
  const ends = await Promise.all([
    ...(first ? [runLane(first, writeAll)] : []),
    ...others.map(runLaneQuietly),
  ]);
  for (const { output } of ends) await writeAll(output);
  const sum = (of: (end: LaneEnd) => number) => ends.reduce((all, end) => all + of(end), 0);
  const passed = sum((end) => end.passed);
  const failed = sum((end) => end.failed);
  const skipped = sum((end) => end.skipped);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return signal.aborted ? 130 : Math.max(...ends.map(({ code }) => code));
}

interface Lane {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly paths: readonly string[];
  readonly ignored: readonly string[];
}

interface LaneEnd extends Summary {
  readonly code: number;
  /** What it printed and was not shown yet. */
  readonly output: Uint8Array;
}

async function runLaneQuietly(lane: Lane): Promise<LaneEnd> {
  const chunks: Uint8Array[] = [];
  const end = await runLane(lane, (chunk) => {
    chunks.push(chunk);
    return Promise.resolve();
  });
  return { ...end, output: new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()) };
}

async function runLane(
  { args, env, signal, paths, ignored }: Lane,
  show: (chunk: Uint8Array) => Promise<void>,
): Promise<LaneEnd> {
  const colors = Deno.stdout.isTerminal() && !Deno.noColor;
  const tests = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--frozen",
      "--permit-no-files=false",
      `--ignore=${["scripts/test.ts", ...ignored].join(",")}`,
      "-A",
      ...args,
      ...paths.filter((path) => existsSync(join(project, path))),
    ],
    cwd: project,
    env: { ...env, ...(colors ? { FORCE_COLOR: "1" } : {}) },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const stop = () => tests.kill("SIGTERM");
  signal.addEventListener("abort", stop);
  let end = "";
  const text = new TextDecoder();
  for await (const chunk of tests.stdout) {
    await show(chunk);
    end = (end + text.decode(chunk, { stream: true })).slice(-10_000);
  }
  signal.removeEventListener("abort", stop);
  const { code } = await tests.status;
  const summary = parseSummary(end) ?? { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  return { ...summary, code, output: new Uint8Array() };
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
