import assert from "node:assert/strict";
import { BrokerUrlError } from "../errors.ts";
import { parseUrl } from "./url.ts";

Deno.test("a Kafka URL: hosts, credentials and parameters", async (t) => {
  const defaults = { tls: false, partitions: 1, replication: -1 };
  const cases: [string, object][] = [
    ["kafka://a", { hosts: [{ host: "a", port: 9092 }], shown: "a:9092" }],
    ["kafka://a:1,b:2/", {
      hosts: [{ host: "a", port: 1 }, { host: "b", port: 2 }],
      shown: "a:1, b:2",
    }],
    ["kafka://[::1]:9", { hosts: [{ host: "::1", port: 9 }], shown: "[::1]:9" }],
    ["kafka://a?tls=true&partitions=12&replication=3", {
      hosts: [{ host: "a", port: 9092 }],
      tls: true,
      partitions: 12,
      replication: 3,
      shown: "a:9092",
    }],
    ["kafka://me:se%40cret:x@a:1?sasl=scram-sha-256", {
      hosts: [{ host: "a", port: 1 }],
      credentials: { mechanism: "SCRAM-SHA-256", username: "me", password: "se@cret:x" },
      shown: "a:1",
    }],
    ["kafka://me:secret@a", {
      hosts: [{ host: "a", port: 9092 }],
      credentials: { mechanism: "PLAIN", username: "me", password: "secret" },
      shown: "a:9092",
    }],
  ];
  for (const [url, expected] of cases) {
    await t.step(url, () => assert.deepEqual(parseUrl(url), { ...defaults, ...expected }));
  }
});

Deno.test("a Kafka URL that makes no sense is refused with what is allowed", async (t) => {
  const cases: [string, RegExp][] = [
    ["kafka://", /the host in the broker URL is empty; allowed is kafka:/],
    ["kafka://a,", /host 2 of 2 in the broker URL is empty/],
    ["kafka://a:70000", /the host in the broker URL is no host/],
    ["kafka://a/topic", /has a path/],
    ["kafka://a?partition=3", /parameter "partition"; known are tls, sasl, partitions/],
    ["kafka://a?partitions=0", /partitions is a whole number from 1 to 1000, not "0"/],
    ["kafka://a?replication=x", /replication is a whole number/],
    ["kafka://a?tls=yes", /tls is one of false, true, not "yes"/],
    ["kafka://secret:secret@a?sasl=gssapi", /sasl is one of plain, scram-sha-256/],
    ["kafka://a?sasl=plain", /no user and password/],
    ["kafka://secret:%zz@a", /a % that no two/],
  ];
  for (const [url, message] of cases) {
    await t.step(url, () => {
      assert.throws(() => parseUrl(url), (error) => {
        assert.ok(error instanceof BrokerUrlError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes("secret"));
        return true;
      });
    });
  }
});
