import assert from "node:assert/strict";
import { ConfigError } from "./config.ts";
import { configOf, optionName } from "./option.ts";
import { duration, integer, list, text, url } from "./variable.ts";

const description = "d";
const variables = {
  BROKER_URL: text(/^memory:/, "a URL", { description, default: "memory:" }),
  LOG_LEVEL: text(/^/, "a level", { description, default: "info" }),
  ENQUEUER_PORT: integer(0, 65_535, { description, default: "8080" }),
  ENQUEUER_REPLY_TIMEOUT: duration({ description }),
  ENQUEUER_SERVICES: list(/^[a-z]+$/, "names", { description }),
  ENQUEUER_TARGET: url(["http:"], { description }),
};

Deno.test("an option is named as its variable, without the service", () => {
  assert.equal(optionName("ENQUEUER_REPLY_TIMEOUT"), "replyTimeout");
  assert.equal(optionName("DEQUEUER_SERVICE"), "service");
  assert.equal(optionName("BROKER_URL"), "brokerUrl");
  assert.equal(optionName("LOG_LEVEL"), undefined);
});

Deno.test("options are read as their variables are, with the same defaults", () => {
  const options = {
    port: 0,
    replyTimeout: "5s",
    services: ["a", "b"],
    target: new URL("http://x"),
  };
  assert.deepEqual(configOf(variables, options), {
    BROKER_URL: "memory:",
    LOG_LEVEL: "info",
    ENQUEUER_PORT: 0,
    ENQUEUER_REPLY_TIMEOUT: 5_000,
    ENQUEUER_SERVICES: ["a", "b"],
    ENQUEUER_TARGET: new URL("http://x"),
  });
});

Deno.test("a bad option is named as it was given, with what is allowed", () => {
  assert.throws(() => configOf(variables, { port: 65_536 }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, [
      'port="65536" is not allowed: a whole number from 0 to 65535',
    ]);
    return true;
  });
  assert.throws(
    () => configOf(variables, { prot: 1 }),
    /there is no option prot; allowed are brokerUrl, /,
  );
});
