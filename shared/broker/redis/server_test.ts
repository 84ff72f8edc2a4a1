import assert from "node:assert/strict";
import { assess, parseInfo } from "./server.ts";

const good = {
  redis_version: "7.2.4",
  role: "master",
  aof_enabled: "1",
  maxmemory_policy: "noeviction",
};

function fields(changes: Record<string, string>): ReadonlyMap<string, string> {
  return new Map(Object.entries({ ...good, ...changes }));
}

Deno.test("the fields of INFO are read", () => {
  const info = parseInfo("# Server\r\nredis_version:7.2.4\r\n\r\nexecutable:/a:b\r\n");
  assert.deepEqual([...info], [["redis_version", "7.2.4"], ["executable", "/a:b"]]);
});

Deno.test("a server that loses nothing gets no warning", () => {
  const server = { product: "Redis 7.2.4", durable: true, warnings: [] };
  assert.deepEqual(assess(fields({}), "always"), server);
  const valkey = assess(fields({ valkey_version: "8.1.0" }), "always");
  assert.equal(valkey.product, "Valkey 8.1.0");
});

const warned: readonly (readonly [Record<string, string>, string | undefined, boolean, RegExp])[] =
  [
    [{ aof_enabled: "0" }, "always", false, /^appendonly is off: .* lost/],
    [{}, "everysec", true, /^appendfsync is everysec: the last second or two .* machine crashes/],
    [{}, "no", true, /^appendfsync is no: what was not written yet/],
    [{}, undefined, true, /^CONFIG is forbidden .* could not be checked/],
    [{ maxmemory_policy: "allkeys-lru" }, "always", true, /^maxmemory-policy is allkeys-lru: /],
  ];

for (const [changes, fsync, durable, message] of warned) {
  Deno.test(`what may be lost is said: ${JSON.stringify(changes)}, fsync ${fsync}`, () => {
    const server = assess(fields(changes), fsync);
    assert.equal(server.durable, durable);
    assert.equal(server.warnings.length, 1);
    assert.match(server.warnings[0] ?? "", message);
  });
}

const unusable: readonly (readonly [Record<string, string>, RegExp])[] = [
  [{ redis_version: "6.0.16" }, /6\.0\.16 is too old: it takes 6\.2/],
  [{ cluster_enabled: "1" }, /node of a Redis Cluster/],
  [{ role: "slave" }, /a replica/],
];

for (const [changes, message] of unusable) {
  Deno.test(`a server that cannot be used: ${JSON.stringify(changes)}`, () => {
    assert.throws(() => assess(fields(changes), "always"), message);
  });
}
