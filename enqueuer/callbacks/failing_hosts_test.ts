import assert from "node:assert/strict";
import { FailingHosts } from "./failing_hosts.ts";

function failed(times: number, host = "a"): FailingHosts {
  const hosts = new FailingHosts();
  for (let time = 0; time < times; time++) hosts.failed(host, 0);
  return hosts;
}

Deno.test("a host is left alone after five failures in a row", () => {
  assert.equal(failed(4).leftAlone("a", 0), false);
  assert.equal(failed(5).leftAlone("a", 29_999), true);
  assert.equal(failed(5).leftAlone("b", 0), false);
});

Deno.test("after a while one delivery is let through, and decides", () => {
  const hosts = failed(5);
  assert.deepEqual([30_000, 30_001, 60_000].map((now) => hosts.leftAlone("a", now)), [
    false,
    true,
    false,
  ]);
  hosts.failed("a", 61_000);
  assert.equal(hosts.leftAlone("a", 90_000), true);
  hosts.answered("a");
  assert.equal(hosts.leftAlone("a", 90_000), false);
  hosts.failed("a", 90_000);
  assert.equal(hosts.leftAlone("a", 90_000), false, "it starts anew");
});

Deno.test("of many hosts the last thousand are known", () => {
  const hosts = failed(5);
  for (let n = 0; n < 1_000; n++) hosts.failed(`host-${n}`, 0);
  assert.equal(hosts.leftAlone("a", 0), false);
});
