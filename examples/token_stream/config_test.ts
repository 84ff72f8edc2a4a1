import { deepEqual, throws } from "node:assert/strict";
import { ConfigError, readConfig } from "./config.ts";

Deno.test("defaults, and what is set", () => {
  deepEqual(readConfig({}), { port: 8084, host: "127.0.0.1", paceMs: 50 });
  deepEqual(
    readConfig({ TOKEN_STREAM_PORT: "0", TOKEN_STREAM_HOST: "::1", TOKEN_STREAM_PACE_MS: "5" }),
    { port: 0, host: "::1", paceMs: 5 },
  );
});

Deno.test("all that is wrong is named, with what is allowed", () => {
  throws(
    () => readConfig({ TOKEN_STREAM_PORT: "70000", TOKEN_STREAM_PACE_MS: "1s" }),
    (error) =>
      error instanceof ConfigError &&
      /TOKEN_STREAM_PORT: "70000" .* 0 to 65535/.test(error.message) &&
      /TOKEN_STREAM_PACE_MS: "1s" .* 0 to 60000/.test(error.message),
  );
});
