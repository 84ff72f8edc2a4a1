import assert from "node:assert/strict";
import { BrokerUrlError } from "../errors.ts";
import { parseUrl } from "./url.ts";

Deno.test("a URL says where and how", () => {
  assert.deepEqual(parseUrl("redis://me:s%40crt@cache.example:6380/3?lease=5"), {
    tls: false,
    host: "cache.example",
    port: 6380,
    username: "me",
    password: "s@crt",
    database: 3,
    leaseMs: 5_000,
    shown: "cache.example:6380/3",
  });
  assert.deepEqual(parseUrl("rediss://[::1]"), {
    tls: true,
    host: "::1",
    port: 6379,
    database: 0,
    leaseMs: 15_000,
    shown: "[::1]:6379/0",
  });
  const { username, password } = parseUrl("redis://:only@localhost/");
  assert.deepEqual({ username, password }, { username: undefined, password: "only" });
});

const wrong: readonly (readonly [string, RegExp])[] = [
  ["redis:", /no host; allowed is redis:/],
  ["redis://host:99999", /no URL; allowed is redis:/],
  ["redis://host:0", /port is 1 to 65535/],
  ["redis://host/queue", /number of a database/],
  ["redis://host/0?heartbeat=1", /parameter "heartbeat"; known is lease/],
  ["redis://host/0?lease=1", /from 2 to 600/],
  ["redis://host/0?lease=soon", /from 2 to 600/],
  ["redis://us%zz:s3cret@host", /two hexadecimal digits/],
];

for (const [url, message] of wrong) {
  Deno.test(`${url} is refused, and its password not repeated`, () => {
    assert.throws(() => parseUrl(url), (error) => {
      assert.ok(error instanceof BrokerUrlError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  });
}
