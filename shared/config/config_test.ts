import assert from "node:assert/strict";
import { ConfigError, loadConfig } from "./config.ts";
import { envExample, helpText, markdownTable } from "./help.ts";
import { byteSize, choice, duration, integer, list, text, url } from "./variable.ts";

const description = "d";
const variables = {
  COUNT: integer(1, 10, { description, default: "3" }),
  SIZE: byteSize(2 ** 30, { description, default: "16MiB" }),
  WAIT: duration({ description, default: "30s" }),
  COLOR: choice(["red", "blue"], { description, default: "red" }),
  NAMES: list(/^[a-z]+$/, "lower-case names", { description }),
  TARGET: url(["http:", "https:"], { description, required: true }),
  KEY: text(/^.{8,}$/, "at least 8 characters", { description, secret: "all" }),
};

Deno.test("of a URL only user and password are hidden", () => {
  const variables = {
    URL: text(/^amqp:/, "a URL", { description, secret: "userinfo" }),
  };
  for (
    const [given, shown] of [
      ["foo://user:p@ss@host/x", '"foo://(hidden)@host/x"'],
      ["foo://host", '"foo://host"'],
    ] as const
  ) {
    assert.throws(() => loadConfig(variables, () => given), {
      message: `URL=${shown} is not allowed: a URL`,
    });
  }
});

const read = (env: Record<string, string>) => loadConfig(variables, (name) => env[name]);

Deno.test("defaults stand in for what is unset or empty", () => {
  assert.deepEqual(read({ TARGET: "http://x/", COUNT: "" }), {
    COUNT: 3,
    SIZE: 16 * 2 ** 20,
    WAIT: 30_000,
    COLOR: "red",
    TARGET: new URL("http://x/"),
  });
});

Deno.test("values are read in their units", () => {
  const base = { TARGET: "https://x/y" };
  assert.equal(read({ ...base, SIZE: "512" }).SIZE, 512);
  assert.equal(read({ ...base, SIZE: "2KiB" }).SIZE, 2048);
  for (
    const [given, ms] of [["500ms", 500], ["5m", 300_000], ["1h", 3_600_000], ["0s", 0]] as const
  ) {
    assert.equal(read({ ...base, WAIT: given }).WAIT, ms);
  }
  assert.deepEqual(read({ ...base, NAMES: "a, b,c," }).NAMES, ["a", "b", "c"]);
});

Deno.test("everything that is wrong is named at once, a secret without its value", () => {
  const bad = {
    COUNT: "11",
    SIZE: "2GiB",
    WAIT: "30",
    COLOR: "green",
    NAMES: "a,B",
    KEY: "short",
  };
  assert.throws(() => read(bad), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, [
      'COUNT="11" is not allowed: a whole number from 1 to 10',
      'SIZE="2GiB" is not allowed: a number of bytes up to 1073741824, or with a unit: 512KiB, 16MiB, 1GiB',
      'WAIT="30" is not allowed: a whole number with a unit: 500ms, 30s, 5m, 1h, 1d',
      'COLOR="green" is not allowed: one of red, blue',
      'NAMES="a,B" is not allowed: lower-case names, with commas between them',
      "TARGET is not set: a URL that starts with http: or https: and holds no password",
      "KEY=(hidden) is not allowed: at least 8 characters",
    ]);
    return true;
  });
});

Deno.test("help, table and example name every variable", () => {
  const manual = { name: "thing", summary: "Does things.", variables };
  for (const name of Object.keys(variables)) {
    assert.ok(helpText(manual).includes(name));
    assert.ok(markdownTable(manual).includes(`| \`${name}\` |`));
    assert.match(envExample(manual), new RegExp(`^(# )?${name}=`, "m"));
  }
});
