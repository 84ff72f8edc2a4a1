import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { ServiceProcess } from "../../tests/process/service_process.ts";
import { compileArguments, programs } from "./compile.ts";

const project = join(import.meta.dirname ?? ".", "..", "..");

interface Place extends AsyncDisposable {
  readonly folder: string;
}

async function place(): Promise<Place> {
  const folder = await Deno.makeTempDir({ prefix: "proxymq_compile_" });
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

async function deno(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: project,
    env,
    stdin: "null",
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

/** What is compiled, alone in a folder, run by Deno under the permissions that it is compiled with. */
async function bundled(name: string, folder: string): Promise<string[]> {
  const { module, permissions } = programs[name] ?? { module: "", permissions: "" };
  const file = join(folder, `${name}.js`);
  await deno(["bundle", "--quiet", "--frozen", "--output", file, module]);
  await Deno.writeTextFile(
    join(folder, "deno.json"),
    JSON.stringify({ permissions: config.permissions, unstable: config.unstable }),
  );
  return ["run", "--quiet", "--no-prompt", "--cached-only", `-P=${permissions}`, file];
}

Deno.test("what is compiled runs by itself, under its permissions, with its assets", async () => {
  await using there = await place();
  const child = new Deno.Command(Deno.execPath(), {
    args: await bundled("proxymq-enqueuer", there.folder),
    cwd: there.folder,
    clearEnv: true,
    env: { BROKER_URL: "memory:", ENQUEUER_PORT: "0", LOG_FORMAT: "json", DENO_DIR: there.folder },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await using enqueuer = new ServiceProcess("enqueuer", child);
  const url = await enqueuer.ready();
  // By now it has given up reading files: what it has of them is in it.
  const page = await fetch(`${url}/docs/swagger-ui-bundle.js`);
  assert.match(await page.text(), /SwaggerUIBundle/);
  enqueuer.signal("SIGTERM");
  assert.equal((await enqueuer.exited()).code, 0);
});

Deno.test("the whole compile runs, on a base that is here already", async () => {
  await using there = await place();
  const output = join(there.folder, "proxymq");
  await deno(compileArguments("proxymq", output), { DENORT_BIN: Deno.execPath() });
  const [program, base] = await Promise.all([Deno.stat(output), Deno.stat(Deno.execPath())]);
  assert.ok(program.size > base.size + 1_000_000, "the program is in it");
});
