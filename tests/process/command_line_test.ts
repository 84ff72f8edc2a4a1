import assert from "node:assert/strict";
import { manual as dequeuerManual } from "../../dequeuer/config.ts";
import { manual as enqueuerManual } from "../../enqueuer/config.ts";
import { brokerSchemes } from "../../shared/broker/open.ts";
import config from "../../deno.json" with { type: "json" };
import { runToEnd } from "./service_process.ts";

for (const manual of [enqueuerManual, dequeuerManual]) {
  const task = manual.name === "enqueuer" ? "enqueuer" : "dequeuer";

  Deno.test(`${task} --help prints every variable`, async () => {
    for (const argument of ["--help", "-h"]) {
      const exit = await runToEnd(task, { by: "task", args: [argument] });
      assert.equal(exit.code, 0);
      assert.deepEqual(exit.complaints, []);
      for (const [name, { description, allowed }] of Object.entries(manual.variables)) {
        assert.match(exit.stdout, new RegExp(`^  ${name} \\((required|default: .+)\\)$`, "m"));
        assert.ok(exit.stdout.includes(description), name);
        assert.ok(exit.stdout.includes(allowed), name);
      }
    }
  });

  Deno.test(`${task} --version prints the version`, async () => {
    const exit = await runToEnd(task, { by: "task", args: ["--version"] });
    assert.equal(exit.code, 0);
    assert.equal(exit.stdout, `${config.version}\n`);
  });

  Deno.test(`${task} with an unknown argument ends with 2`, async () => {
    const exit = await runToEnd(task, { by: "task", args: ["--verbose"] });
    assert.equal(exit.code, 2);
    assert.equal(exit.stdout, "");
    assert.deepEqual(exit.complaints, [
      `${task}: there is no argument "--verbose"; allowed are --help and --version, ` +
      "all else is set by environment variables",
    ]);
  });
}

/** Bad values, all at once: what is set, and what has to be said of it. */
const bad = {
  enqueuer: {
    BROKER_URL: [
      "postgres://me:s3cret@host/db",
      "//(hidden)@host/db",
      brokerSchemes.join(" "),
    ],
    LOG_LEVEL: ["loud", '"loud"', "one of debug, info, warning, error"],
    ENQUEUER_PORT: ["99999", '"99999"', "a whole number from 0 to 65535"],
    ENQUEUER_SERVICES: ["good,Bad", '"good,Bad"', "a-z 0-9 . _ -"],
    ENQUEUER_REPLY_TIMEOUT: ["30", '"30"', "500ms, 30s, 5m"],
    ENQUEUER_MAX_BODY_BYTES: ["much", '"much"', "512KiB, 16MiB"],
    ENQUEUER_API_KEYS: ["s3cret s3cret", "(hidden)", "keys of visible characters"],
  },
  dequeuer: {
    BROKER_URL: ["rabbit:5672", '"rabbit:5672"', brokerSchemes.join(" ")],
    DEQUEUER_SERVICE: ["", "not set", "a-z 0-9 . _ -"],
    DEQUEUER_TARGET_URL: ["", "not set", "starts with http: or https:"],
    DEQUEUER_CONCURRENCY: ["0", '"0"', "a whole number from 1 to 10000"],
    DEQUEUER_TIMEOUT: ["long", '"long"', "500ms, 30s, 5m"],
  },
} as const;

for (const task of ["enqueuer", "dequeuer"] as const) {
  Deno.test(`${task} names all that is wrong with its configuration, and no secret`, async () => {
    const values: [string, readonly [string, string, string]][] = Object.entries(bad[task]);
    const env = Object.fromEntries(values.map(([name, [value]]) => [name, value]));
    const { code, stdout, complaints } = await runToEnd(task, { by: "task", env });
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.equal(complaints.length, values.length + 1, complaints.join("\n"));
    for (const [name, [, shown, allowed]] of values) {
      const line = complaints.find((line) => line.startsWith(`${task}: ${name}`)) ?? "";
      assert.ok(line.includes(shown), `${name}: ${line}`);
      assert.ok(line.includes(allowed), `${name}: ${line}`);
    }
    assert.equal(complaints.at(-1), `${task}: see --help`);
    assert.doesNotMatch(complaints.join("\n"), /s3cret/);
  });
}

Deno.test("a broker URL that cannot be read ends with 2, and its password stays hidden", async () => {
  const urls: [string, RegExp][] = [
    ["amqp://me:s3cret@ho:st:1/", /the host in the broker URL is no host/],
    [
      "amqp://me:s3cret@a,,c/",
      /host 2 of 3 in the broker URL is empty; allowed is .*a:5672,b:5672/,
    ],
    ["sqlite:", /names no file/],
  ];
  for (const [BROKER_URL, message] of urls) {
    const { code, complaints } = await runToEnd("enqueuer", {
      env: { BROKER_URL, ENQUEUER_PORT: "0" },
    });
    assert.equal(code, 2);
    assert.equal(complaints.length, 1);
    assert.match(complaints[0] ?? "", message);
    assert.doesNotMatch(complaints[0] ?? "", /s3cret/);
  }
});
