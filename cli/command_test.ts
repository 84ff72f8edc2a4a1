import assert from "node:assert/strict";
import { readArguments, readChoice, readCount } from "./command.ts";

Deno.test("a count is a whole number within its limits", () => {
  assert.equal(readCount("requests", "100", 1, 100), 100);
  for (const text of ["0", "101", "-1", "1.5", "1e1", "", "many"]) {
    assert.throws(
      () => readCount("requests", text, 1, 100),
      new RegExp(`^Error: --requests is "${text}"; allowed is a whole number from 1 to 100$`),
    );
  }
});

Deno.test("a choice is one of those allowed", () => {
  assert.equal(readChoice("broker", "sqlite", ["rabbitmq", "sqlite"]), "sqlite");
  assert.throws(
    () => readChoice("broker", "kafka", ["rabbitmq", "sqlite"]),
    /^Error: --broker is "kafka"; allowed are rabbitmq and sqlite$/,
  );
});

Deno.test("arguments: there is always help, and what nobody knows is refused", () => {
  const options = { json: { type: "boolean", default: false } } as const;
  assert.equal(readArguments(["-h"], options).values.help, true);
  assert.equal(readArguments(["--json"], options).values.json, true);
  assert.throws(() => readArguments(["--twice"], options), /Unknown option '--twice'/);
  assert.throws(() => readArguments(["word"], options), /Unexpected argument 'word'/);
});
