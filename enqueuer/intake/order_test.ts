import assert from "node:assert/strict";
import { Problem } from "../../shared/http/problem.ts";
import { isTracked, orderOf } from "./order.ts";

const defaults = { replyTimeoutMs: 30_000, onTimeout: "error" } as const;

Deno.test("how long a caller waits", async (t) => {
  const cases: [Record<string, string>, number][] = [
    [{}, 30_000],
    [{ prefer: "wait=10" }, 10_000],
    [{ prefer: "wait=0" }, 0],
    [{ prefer: 'WAIT="7"' }, 7_000],
    [{ prefer: "respond-async, wait=100" }, 100_000],
    [{ prefer: "respond-async" }, 0],
    [{ prefer: "respond-async-not" }, 30_000],
    [{ prefer: "respond-async", "grpc-timeout": "5S" }, 0],
    [{ prefer: 'foo; bar="a,b", wait = 5 ; x' }, 5_000],
    [{ prefer: "wait=5, wait=9" }, 5_000],
    [{ prefer: "wait-long=9" }, 30_000],
    [{ prefer: "return=minimal" }, 30_000],
    [{ prefer: "" }, 30_000],
    [{ "grpc-timeout": "500m" }, 500],
    [{ "grpc-timeout": "2H" }, 7_200_000],
    [{ "grpc-timeout": "3S" }, 3_000],
    [{ "grpc-timeout": "1u" }, 1],
    [{ "grpc-timeout": "99999999H" }, 86_400_000],
    [{ "grpc-timeout": "5S", prefer: "wait=3" }, 3_000],
    [{ "grpc-timeout": "2S", prefer: "wait=3" }, 2_000],
  ];
  for (const [headers, expected] of cases) {
    await t.step(JSON.stringify(headers), () => {
      assert.equal(orderOf(new Headers(headers), defaults).waitMs, expected);
    });
  }
  const bad: [Record<string, string>, RegExp][] = [
    [{ prefer: "wait" }, /wait=N with N whole seconds from 0 to 86400/],
    [{ prefer: "wait=-1" }, /wait=N/],
    [{ prefer: "wait=1.5" }, /wait=N/],
    [{ prefer: "wait=soon" }, /wait=N/],
    [{ prefer: "wait=86401" }, /wait=N/],
    [{ prefer: "wait=" }, /wait/],
    [{ prefer: "=3" }, /no preference/],
    [{ prefer: 'a="b' }, /no preference/],
    [{ "grpc-timeout": "5" }, /H M S m u n/],
    [{ "grpc-timeout": "123456789S" }, /1 to 8 digits/],
    [{ "grpc-timeout": "-1S" }, /grpc-timeout/],
  ];
  for (const [headers, detail] of bad) {
    await t.step(`refused: ${JSON.stringify(headers)}`, () => {
      assert.throws(() => orderOf(new Headers(headers), defaults), (error) => {
        assert.ok(error instanceof Problem);
        assert.equal(error.type, "bad-request");
        assert.match(error.details.detail, detail);
        return true;
      });
    });
  }
});

Deno.test("who fetches its response later, and what is kept for it", async (t) => {
  const cases: [Record<string, string>, "error" | "respond-async", boolean, boolean][] = [
    [{}, "error", false, false],
    [{}, "respond-async", true, true],
    [{ prefer: "respond-async" }, "error", true, true],
    [{ prefer: 'Respond-Async; x="y", wait=3' }, "error", true, true],
    [{ prefer: "wait=3" }, "error", false, false],
    [{ "idempotency-key": '"k"' }, "error", false, true],
  ];
  for (const [headers, onTimeout, later, tracked] of cases) {
    await t.step(`${JSON.stringify(headers)}, on timeout ${onTimeout}`, () => {
      const order = orderOf(new Headers(headers), { ...defaults, onTimeout });
      assert.equal(order.later, later);
      assert.equal(isTracked(order), tracked);
    });
  }
  await t.step("a grpc-timeout is kept as what it is", () => {
    const order = orderOf(new Headers({ "grpc-timeout": "5S", prefer: "respond-async" }), defaults);
    assert.equal(order.timeoutMs, 5_000);
  });
});
