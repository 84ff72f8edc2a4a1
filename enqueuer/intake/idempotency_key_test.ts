import assert from "node:assert/strict";
import { Problem } from "../../shared/http/problem.ts";
import { claimOf, parseIdempotencyKey } from "./idempotency_key.ts";

Deno.test("keys as the draft writes them, and as clients send them", () => {
  const cases: [string | null, string | undefined][] = [
    [null, undefined],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ["8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    [' "a b" ', "a b"],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ["a".repeat(255), "a".repeat(255)],
  ];
  for (const [value, key] of cases) assert.equal(parseIdempotencyKey(value), key, value ?? "none");
});

Deno.test("what is no key is refused with what is allowed", () => {
  for (const value of ["", '""', '"', '"a', 'a"b', "a b", '"\\x"', "ä", "a".repeat(256)]) {
    assert.throws(
      () => parseIdempotencyKey(value),
      (error) =>
        error instanceof Problem && error.type === "bad-request" &&
        /Idempotency-Key header is .* allowed is a string of 1 to 255/.test(error.message),
      value,
    );
  }
});

Deno.test("a claim tells requests apart, and holds nothing of the caller's", () => {
  const body = new TextEncoder().encode("body");
  const one = {
    key: "k",
    service: "s",
    credentials: "Bearer x",
    method: "POST",
    path: "/",
    body,
  };
  const claim = claimOf(one);
  assert.deepEqual(claimOf({ ...one }), claim);
  assert.doesNotMatch(JSON.stringify(claim), /Bearer|body/);
  for (const other of [{ key: "l" }, { service: "t" }, { credentials: null }]) {
    assert.notEqual(claimOf({ ...one, ...other }).key, claim.key);
  }
  for (const other of [{ method: "PUT" }, { path: "/a" }, { body: new Uint8Array(0) }]) {
    const { key, fingerprint } = claimOf({ ...one, ...other });
    assert.equal(key, claim.key);
    assert.notEqual(fingerprint, claim.fingerprint);
  }
  const shifted = claimOf({ ...one, method: "POS", path: "T/" });
  assert.notEqual(shifted.fingerprint, claim.fingerprint);
});
