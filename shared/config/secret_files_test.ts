import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, loadConfig } from "./config.ts";
import { withSecretFiles } from "./secret_files.ts";
import { text } from "./variable.ts";

const description = "d";
const variables = {
  URL: text(/^amqp:/, "a URL", { description, default: "amqp://default", secret: "userinfo" }),
  KEY: text(/^k/, "a key", { description, secret: "all" }),
  PLAIN: text(/^/, "anything", { description }),
};

async function files(): Promise<{ path(name: string): string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "secrets-"));
  const path = (name: string) => join(folder, name);
  await writeFile(path("url"), "amqp://user:password@host\n");
  await writeFile(path("empty"), "\n");
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const read = (env: Record<string, string>) => {
  const readEnv = (name: string) => env[name];
  return loadConfig(variables, withSecretFiles(variables, readEnv));
};

Deno.test("a secret is read from the file that is named, without the end of its line", async () => {
  await using at = await files();
  assert.deepEqual(read({ URL_FILE: at.path("url"), KEY: "key" }), {
    URL: "amqp://user:password@host",
    KEY: "key",
  });
  assert.deepEqual(read({ URL_FILE: "", KEY_FILE: "" }), { URL: "amqp://default" });
});

Deno.test("what is no secret is not read from files", async () => {
  await using at = await files();
  assert.deepEqual(read({ PLAIN_FILE: at.path("url") }), { URL: "amqp://default" });
});

Deno.test("a file that is not there or empty, and a secret given twice, are named at once", async () => {
  await using at = await files();
  const empty = at.path("empty");
  const url = at.path("url");
  assert.throws(() => read({ KEY_FILE: empty, URL_FILE: url, URL: "amqp://x" }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, [
      `URL_FILE=${JSON.stringify(url)} is not allowed beside URL: one of the two`,
      `KEY_FILE=${JSON.stringify(empty)}: the file is empty`,
    ]);
    return true;
  });
  assert.throws(() => read({ KEY_FILE: at.path("none") }), /^ConfigError: KEY_FILE=.*ENOENT/);
});
