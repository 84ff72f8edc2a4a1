import { deepEqual, equal, throws } from "node:assert/strict";
import { ConfigError, readConfig } from "./config.ts";

Deno.test("the defaults are closed: loopback, and no private addresses", () => {
  deepEqual(readConfig({ URL_FETCHER_PORT: "" }), {
    port: 8082,
    host: "127.0.0.1",
    timeoutMs: 10_000,
    maxBytes: 5 * 1024 * 1024,
    allowPrivate: [],
  });
});

Deno.test("every variable is read", () => {
  const config = readConfig({
    URL_FETCHER_PORT: "0",
    URL_FETCHER_HOST: "0.0.0.0",
    URL_FETCHER_TIMEOUT: "500ms",
    URL_FETCHER_MAX_BYTES: "1000",
    URL_FETCHER_ALLOW_PRIVATE: "localhost, 10.0.0.0/8",
  });
  deepEqual(config, {
    port: 0,
    host: "0.0.0.0",
    timeoutMs: 500,
    maxBytes: 1000,
    allowPrivate: ["localhost", "10.0.0.0/8"],
  });
  equal(readConfig({ URL_FETCHER_ALLOW_PRIVATE: "true" }).allowPrivate, true);
  equal(readConfig({ URL_FETCHER_TIMEOUT: "2m" }).timeoutMs, 120_000);
});

Deno.test("all wrong values are named at once, with what is allowed", () => {
  const env = {
    URL_FETCHER_PORT: "70000",
    URL_FETCHER_HOST: "a b",
    URL_FETCHER_TIMEOUT: "10",
    URL_FETCHER_MAX_BYTES: "5MB",
    URL_FETCHER_ALLOW_PRIVATE: "10.0.0.0/99",
  };
  throws(() => readConfig(env), (error: ConfigError) => {
    const lines = error.message.split("\n");
    equal(lines.length, 5);
    for (const [name, value] of Object.entries(env)) {
      const line = lines.find((line) => line.startsWith(`${name}: "${value}" `));
      equal(line?.includes("allowed is "), true, name);
    }
    return error instanceof ConfigError;
  });
});
