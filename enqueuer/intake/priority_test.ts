import assert from "node:assert/strict";
import type { Capabilities, Priorities } from "../../shared/broker/broker.ts";
import { BrokerUnavailableError } from "../../shared/broker/errors.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { Problem } from "../../shared/http/problem.ts";
import { checkPriority } from "./priority.ts";

await using memory = await openBroker("memory:priority_test", { name: "test" });
const { priorities: _, ...others } = memory.capabilities;

function broker(priorities?: Priorities) {
  const capabilities: Capabilities = { ...others, ...(priorities ? { priorities } : {}) };
  return { capabilities, status: { connected: true, detail: "connected to a broker" } };
}

Deno.test("a priority is taken where it does something", () => {
  for (const priority of [undefined, 0, 1, 9]) {
    checkPriority(broker("strict"), priority);
    checkPriority(broker("shares"), priority);
  }
});

Deno.test("where it does nothing it is refused, and one of 0 is not", () => {
  for (const priority of [undefined, 0]) {
    checkPriority(broker("none"), priority);
    checkPriority(broker(), priority);
  }
  assert.throws(() => checkPriority(broker("none"), 1), (error: unknown) => {
    assert.ok(error instanceof Problem);
    assert.equal(error.type, "no-priorities");
    assert.match(
      error.message,
      /the priority is 1, .*leave it out, or say 0.*connected to a broker/,
    );
    return true;
  });
});

Deno.test("while nobody knows, the broker is not to be had", () => {
  assert.throws(() => checkPriority(broker(), 1), BrokerUnavailableError);
});
