import assert from "node:assert/strict";
import { parseArguments } from "./arguments.ts";

const parsed = (text: string, env: Record<string, string> = {}) =>
  parseArguments(text === "" ? [] : text.split(" "), (name) => env[name]);

Deno.test("arguments of top", () => {
  const nothing = { url: "http://127.0.0.1:8080", everyMs: 2_000, once: false };
  assert.deepEqual(parsed(""), nothing);
  assert.equal(parsed("-h"), "help");
  assert.deepEqual(parsed("--url https://host/q/ --key k --every 500ms --once"), {
    url: "https://host/q",
    key: "k",
    everyMs: 500,
    once: true,
  });
  const env = { TOP_URL: "http://a:1", TOP_KEY: "k" };
  assert.deepEqual(parsed("", env), { ...nothing, url: "http://a:1", key: "k" });
});

Deno.test("wrong arguments of top", () => {
  assert.throws(() => parsed("--url host"), /--url is "host"; allowed is an enqueuer's/);
  assert.throws(() => parsed("--url ftp://host"), /--url is/);
  assert.throws(() => parsed("--every 10ms"), /--every is "10ms".*from 200ms on/);
  assert.throws(() => parsed("--onc"), /--onc/);
});
