import assert from "node:assert/strict";
import { Problem } from "../../shared/http/problem.ts";
import { scheduleOf } from "./schedule.ts";

const now = Date.UTC(2026, 10, 22, 12, 0, 0);
const read = (headers: Record<string, string>) => scheduleOf(new Headers(headers), now);

Deno.test("delay and priority of a request", () => {
  assert.deepEqual(read({}), { delayMs: 0 });
  assert.deepEqual(read({ "proxymq-delay": "90" }), { delayMs: 90_000 });
  assert.deepEqual(read({ "proxymq-delay": "Sun, 22 Nov 2026 12:01:00 GMT" }), { delayMs: 60_000 });
  assert.deepEqual(read({ "proxymq-delay": "Sun, 22 Nov 2026 11:00:00 GMT" }), { delayMs: 0 });
  assert.deepEqual(read({ "proxymq-priority": "0" }), { delayMs: 0, priority: 0 });
  assert.deepEqual(read({ "proxymq-priority": "9", "proxymq-delay": "1" }), {
    delayMs: 1_000,
    priority: 9,
  });
});

Deno.test("what is not well-formed is refused with what is allowed", () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ "proxymq-delay": "soon" }, /whole seconds or an HTTP date/],
    [{ "proxymq-delay": "-1" }, /whole seconds/],
    [{ "proxymq-delay": "40000000" }, /at most a year/],
    [{ "proxymq-priority": "10" }, /0 to 9/],
    [{ "proxymq-priority": "high" }, /0 to 9/],
  ];
  for (const [headers, detail] of cases) {
    assert.throws(
      () => read(headers),
      (error) => error instanceof Problem && detail.test(error.details.detail),
    );
  }
});
