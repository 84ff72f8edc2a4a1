import { deepEqual, equal } from "node:assert/strict";
import { type Verdict, verdictOf } from "./verdict.ts";

Deno.test("what is worth another try, and what is not", async (t) => {
  const cases: [{ code?: string; responseCode?: number }, Verdict["kind"]][] = [
    [{ code: "EENVELOPE", responseCode: 450 }, "later"],
    [{ code: "EENVELOPE", responseCode: 550 }, "never"],
    [{ code: "EMESSAGE", responseCode: 554 }, "never"],
    [{ code: "EPROTOCOL", responseCode: 421 }, "down"],
    [{ code: "EENVELOPE" }, "never"],
    [{ code: "EAUTH", responseCode: 535 }, "down"],
    [{ code: "ESOCKET" }, "down"],
    [{ code: "ETIMEDOUT" }, "down"],
    [{}, "down"],
  ];
  for (const [error, kind] of cases) {
    await t.step(JSON.stringify(error), () => {
      deepEqual(verdictOf(Object.assign(new Error("why"), error)), { kind, detail: "why" });
    });
  }
  equal(verdictOf("why").kind, "down");
});
