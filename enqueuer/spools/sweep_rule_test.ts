import assert from "node:assert/strict";
import { type Sweep, sweepOf, type Swept } from "./sweep_rule.ts";

const now = 1_000_000_000;
const request = { spool: "s", body: "request", request: "r", until: now + 3_600_000 } as const;
const response = { ...request, body: "response" } as const;

const given = (rest: Partial<Swept>) => ({
  note: response,
  state: "ended" as const,
  given: true,
  ...rest,
});

const cases: [string, Omit<Swept, "now" | "looks"> & { looks?: number; now?: number }, string][] = [
  ["a body that is gone", { note: request, state: undefined }, "gone"],
  ["a body whose writer is gone", { note: request, state: "silent" }, "delete"],
  ["a body that is being written", { note: request, state: "growing" }, "60000"],
  ["a body whose request may be asked for", { note: request, state: "ended" }, "60000"],
  ["one that waits", { note: request, state: "ended", request: "queued", looks: 3 }, "240000"],
  ["one of a dead letter", { note: request, state: "ended", request: "dead" }, "60000"],
  ["one that was cancelled", { note: request, state: "ended", request: "cancelled" }, "60000"],
  ["one that was answered", { note: request, state: "ended", request: "succeeded" }, "delete"],
  ["one that was refused", { note: request, state: "ended", request: "failed" }, "delete"],
  ["one that is soon over", { note: request, state: "ended", looks: 12 }, "3600000"],
  ["one that is over", { note: request, state: "ended", now: request.until }, "delete"],
  ["a response that is given", { note: response, state: "ended", given: true }, "60000"],
  ["the same, later", { note: response, state: "ended", given: true, looks: 40 }, "21600000"],
  ["one that has ended", given({ expiresAt: now + 3_000_000 }), "3001000"],
  ["one that is given for long", given({ expiresAt: now + 1e9 }), "21600000"],
  ["one that is about to expire", given({ expiresAt: now - 5 }), "1000"],
  ["one that is not", { note: response, state: "ended", given: false }, "delete"],
  ["one that still comes", { note: response, state: "growing", given: false }, "60000"],
  ["one that broke off", { note: response, state: "silent", given: true }, "delete"],
];

Deno.test("what becomes of a spool", async (t) => {
  for (const [name, swept, expected] of cases) {
    await t.step(`${name}: ${expected}`, () => {
      assert.equal(text(sweepOf({ looks: 1, now, ...swept })), expected);
    });
  }
});

function text(sweep: Sweep): string {
  return sweep.kind === "again" ? String(sweep.afterMs) : sweep.kind;
}
