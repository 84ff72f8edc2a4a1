import assert from "node:assert/strict";
import { cpuSeconds, residentBytes, ticks } from "./cpu.ts";

Deno.test("user and system time are read behind a command of any name", () => {
  const stat = "12 (a) b (c) S 1 1 1 0 -1 4194304 100 200 3 4 150 25 1 2 20 0 9 0 77 1000 50";
  assert.equal(ticks(stat), 175);
  assert.ok(Number.isNaN(ticks("")));
});

Deno.test({
  name: "this process has used some CPU and memory; one that is not there is not told of",
  ignore: Deno.build.os !== "linux",
  fn() {
    assert.ok(cpuSeconds([Deno.pid]) > 0);
    assert.ok(residentBytes(Deno.pid) > 2 ** 20);
    assert.ok(Number.isNaN(cpuSeconds([Deno.pid, 2 ** 30])));
    assert.ok(Number.isNaN(residentBytes(2 ** 30)));
  },
});
