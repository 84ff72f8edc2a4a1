import assert from "node:assert/strict";
import { SimpleError, SocketClosedUnexpectedlyError } from "@redis/client";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";
import { brokerError, isFull, isScriptMissing } from "./redis_error.ts";

const passing = [
  new SocketClosedUnexpectedlyError(),
  new SimpleError("LOADING Redis is loading the dataset in memory"),
  new SimpleError("READONLY You can't write against a read only replica."),
  undefined,
];

for (const error of passing) {
  Deno.test(`a reason to try again: ${error}`, () => {
    assert.ok(brokerError(error) instanceof BrokerUnavailableError);
  });
}

Deno.test("what a server refuses for good is told", () => {
  const told = brokerError(new SimpleError("NOPERM this user has no permissions"));
  assert.ok(told instanceof BrokerError && !(told instanceof BrokerUnavailableError));
  assert.match(told.message, /^Redis refuses: NOPERM/);
});

Deno.test("what there is an answer to is recognised, as it comes and as it is told", () => {
  const full = new SimpleError("OOM command not allowed when used memory > 'maxmemory'.");
  const missing = new SimpleError("NOSCRIPT No matching script.");
  for (const wrap of [(error: Error) => error, brokerError]) {
    assert.ok(isFull(wrap(full)) && !isScriptMissing(wrap(full)));
    assert.ok(isScriptMissing(wrap(missing)) && !isFull(wrap(missing)));
  }
});
