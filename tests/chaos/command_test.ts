import assert from "node:assert/strict";
import { join } from "node:path";

const main = join(import.meta.dirname ?? ".", "..", "..", "scripts", "chaos", "main.ts");

async function chaos(...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", main, ...args],
    stdin: "null",
    signal: AbortSignal.timeout(30_000),
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("chaos says what there is", async () => {
  const { code, stdout } = await chaos("--help");
  assert.equal(code, 0);
  assert.match(stdout, /^ {2}broker-killed {2,}broker killed .*\(not on sqlite\)$/m);
});

Deno.test("chaos says what is allowed", async () => {
  const wrong: [string[], RegExp][] = [
    [["flood"], /there is no fault "flood"; there are broker-killed, /],
    [["--broker", "nats"], /--broker is "nats"; allowed are rabbitmq, redis, sqlite and kafka/],
    [["--broker", "sqlite", "half-open"], /none of these faults is for this broker/],
    [["--twice"], /Unknown option '--twice'/],
  ];
  for (const [args, message] of wrong) {
    const { code, stderr } = await chaos(...args);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});
