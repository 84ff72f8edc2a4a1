import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { within } from "../support/waiting.ts";

const project = join(import.meta.dirname ?? ".", "..", "..");

/** The files whose docstrings have examples for users of the library. */
const withExamples = [
  "enqueuer/create_enqueuer.ts",
  "dequeuer/create_dequeuer.ts",
  "dequeuer/batcher.ts",
  "shared/broker/open.ts",
];

async function deno(...args: string[]): Promise<void> {
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: project,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  assert.equal(code, 0, `${text.decode(stdout)}\n${text.decode(stderr)}`);
}

Deno.test("everything that is exported is documented, and nothing of it is private", async () => {
  await deno("doc", "--lint", ...Object.values(config.exports));
});

Deno.test("the examples in the library's documentation run", async () => {
  await deno("test", "--frozen", "-A", "--doc", ...withExamples);
});

Deno.test("a program that closed both services ends by itself", async () => {
  const program = join(project, "tests/library/ended.ts");
  const { stdout } = await within(
    new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--frozen", program] }).output(),
    "the end of the program",
  );
  assert.equal(new TextDecoder().decode(stdout), "closed\n");
});
