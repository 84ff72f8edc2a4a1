import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseSummary } from "./test_summary.ts";
import { down, lockTests, serviceNames, up } from "./services/manager.ts";

const help = `deno task test [deno test arguments]

Brings up the servers that the tests need (see deno task services), runs the tests, and takes
down what it brought up. The last line is "N passed, N failed".

  deno task test                        all tests
  deno task test shared/broker          those of some files or folders
  deno task test --filter "SOME NAME"   any argument of deno test

Where RabbitMQ cannot be had, its tests are reported as ignored, with the reason; with CI=true
that is a failure.
`;

const project = join(import.meta.dirname ?? ".", "..");
const rooms = ["shared", "enqueuer", "dequeuer", "cli", "tests", "examples", "scripts"];

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(help);
    return 0;
  }
  const abort = new AbortController();
  const signals = ["SIGINT", "SIGTERM"] as const;
  const onSignal = () => abort.abort(new Error("interrupted"));
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);

  const started: string[] = [];
  const env: Record<string, string> = {};
  using stack = new DisposableStack();
  try {
    stack.use(await lockTests({ signal: abort.signal }));
    for (const name of serviceNames) {
      try {
        for (const service of await up([name], { signal: abort.signal })) {
          console.error(`${name}: ${service.how}, ${new URL(service.url).host}`);
          if (service.started) started.push(name);
          Object.assign(env, service.environment);
        }
      } catch (error) {
        const reason = error instanceof Error ? error.message : `${error}`;
        console.error(reason);
        if (abort.signal.aborted) return 130;
        if (Deno.env.get("CI") === "true") return 1;
        env[`TEST_${name.toUpperCase()}_URL`] = "";
        env[`TEST_${name.toUpperCase()}_MISSING`] = reason;
      }
    }
    return abort.signal.aborted ? 130 : await runTests(args, env, abort.signal);
  } catch (error) {
    if (abort.signal.aborted) return 130;
    throw error;
  } finally {
    await down(started);
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  }
}

async function runTests(
  args: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<number> {
  const paths = args.some((arg) => existsSync(arg))
    ? []
    : rooms.filter((room) => existsSync(join(project, room)));
  const colors = Deno.stdout.isTerminal() && !Deno.noColor;
  const tests = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--frozen",
      "--permit-no-files=false",
      "--ignore=scripts/test.ts",
      "-A",
      ...args,
      ...paths,
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
    await writeAll(chunk);
    end = (end + text.decode(chunk, { stream: true })).slice(-10_000);
  }
  signal.removeEventListener("abort", stop);
  const { code } = await tests.status;
  const { passed, failed, skipped } = parseSummary(end) ??
    { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return signal.aborted ? 130 : code;
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
