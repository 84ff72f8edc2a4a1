import assert from "node:assert/strict";
import { createServer } from "node:net";
import process from "node:process";
import { findCommand, freePort, isAlive, run, until } from "./process.ts";

Deno.test("run gives what a command prints, and says whether it succeeded", async () => {
  const script = "console.log('out'); console.error('err'); Deno.exit(Deno.args.length)";
  const options = { timeoutMs: 30_000 };
  const good = await run(Deno.execPath(), ["eval", "--quiet", script], options);
  assert.deepEqual(good, { ok: true, stdout: "out\n", stderr: "err\n" });
  assert.equal((await run(Deno.execPath(), ["eval", "Deno.exit(3)"], options)).ok, false);
});

Deno.test("run ends a command that takes too long", async () => {
  const script = "setInterval(() => {}, 1000)";
  const { ok, stderr } = await run(Deno.execPath(), ["eval", script], { timeoutMs: 300 });
  assert.equal(ok, false);
  assert.equal(stderr, "no end within 300 ms");
});

Deno.test("run says that a command is not there", async () => {
  const { ok, stderr } = await run("no-such-command-anywhere", [], { timeoutMs: 1_000 });
  assert.equal(ok, false);
  assert.notEqual(stderr, "");
});

Deno.test("freePort gives the preferred port, or another where it is taken", async () => {
  const port = await freePort(0);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  assert.notEqual(await freePort(port), port);
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await freePort(port), port);
});

Deno.test("isAlive knows a process by its command line, not by its id alone", async () => {
  assert.equal(await isAlive(process.pid, "test"), true);
  assert.equal(await isAlive(process.pid, "another program's command line"), false);
  assert.equal(await isAlive(2 ** 22 + 1, "test"), false);
});

Deno.test("until polls, and gives up in time or when it is told to", async () => {
  let count = 0;
  await until(() => Promise.resolve(++count === 3), { what: "three", timeoutMs: 5_000 });
  assert.equal(count, 3);
  const never = () => Promise.resolve(false);
  await assert.rejects(until(never, { what: "never", timeoutMs: 200 }), /never: not within 0.2 s/);
  const signal = AbortSignal.abort(new Error("told to"));
  await assert.rejects(until(never, { what: "never", timeoutMs: 5_000, signal }), /told to/);
});

Deno.test("findCommand looks into the given folders, then into PATH", () => {
  assert.ok(findCommand("sh")?.endsWith("/sh"));
  assert.equal(findCommand("sh", ["/no/such/folder", "/bin"]), "/bin/sh");
  assert.equal(findCommand("no-such-command-anywhere"), undefined);
});
