import assert from "node:assert/strict";
import { ConfigError, loadConfig } from "../../shared/config/config.ts";
import { callbackSettings, callbackVariables } from "./settings.ts";

const secret = `whsec_${"A".repeat(32)}`;
const read = (allow: string, secrets: string) =>
  callbackSettings(
    loadConfig(callbackVariables, (name) =>
      ({ ENQUEUER_CALLBACK_ALLOW: allow, ENQUEUER_CALLBACK_SECRET: secrets })[name]),
  );

Deno.test("callbacks are on when hosts and a secret are set", () => {
  assert.equal(read("", ""), undefined);
  assert.equal(read(",", ""), undefined);
  const on = read("example.com, 10.0.0.0/8", `${secret}, ${secret}`);
  assert.equal(on?.allow.read("https://example.com/").host, "example.com");
  assert.equal(on?.allow.admits("example.com", "10.0.0.1"), true);
  assert.equal(on?.timeoutMs, 15_000);
  assert.deepEqual(on?.keys, [new Uint8Array(24), new Uint8Array(24)]);
});

Deno.test("one without the other, and what neither can be, is an error that hides the secret", () => {
  const cases: [string, string, RegExp][] = [
    ["example.com", "", /^ENQUEUER_CALLBACK_SECRET is not set.*whsec_/],
    ["", secret, /^ENQUEUER_CALLBACK_ALLOW names no host.*example\.com/],
    ["10.0.0.0/8", secret, /^ENQUEUER_CALLBACK_ALLOW names no host/],
    ["example.com/x", secret, /^ENQUEUER_CALLBACK_ALLOW="example\.com\/x" is not allowed/],
    ["example.com", "whsec_s3cret", /^ENQUEUER_CALLBACK_SECRET=\(hidden\) is not allowed/],
  ];
  for (const [allow, secrets, problem] of cases) {
    assert.throws(() => read(allow, secrets), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.problems.length, 1);
      assert.match(error.message, problem);
      assert.doesNotMatch(error.message, /s3cret|AAAA/);
      return true;
    });
  }
});
