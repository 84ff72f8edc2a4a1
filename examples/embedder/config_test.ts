import { deepEqual, throws } from "node:assert/strict";
import { ConfigError, readConfig } from "./config.ts";

Deno.test("defaults, and what is set", () => {
  deepEqual(readConfig({}), { port: 8083, host: "127.0.0.1" });
  deepEqual(readConfig({ EMBEDDER_PORT: "0", EMBEDDER_HOST: "::1" }), { port: 0, host: "::1" });
});

Deno.test("all that is wrong is named, with what is allowed", () => {
  throws(
    () => readConfig({ EMBEDDER_PORT: "70000", EMBEDDER_HOST: "a b" }),
    (error) =>
      error instanceof ConfigError &&
      /EMBEDDER_PORT: "70000" .* 0 to 65535/.test(error.message) &&
      /EMBEDDER_HOST: "a b" .* host name/.test(error.message),
  );
});
