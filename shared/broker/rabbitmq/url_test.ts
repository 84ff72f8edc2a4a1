import assert from "node:assert/strict";
import { BrokerUrlError } from "../errors.ts";
import { parseUrl } from "./url.ts";

Deno.test("a broker URL: defaults", () => {
  const target = parseUrl("amqp://localhost");
  assert.deepEqual(target.hosts, [
    { name: "localhost", port: 5672, endpoint: "", shown: "localhost:5672" },
  ]);
  assert.equal(target.vhost, "/");
  assert.equal(target.username, "guest");
  assert.equal(target.queueType, "quorum");
  assert.equal(target.heartbeat, 10);
  assert.equal(target.shown, "localhost:5672");
});

Deno.test("a broker URL: everything given", () => {
  const target = parseUrl("amqps://an%40a:p%2Fw@[::1]:7777/team%2Fa?queueType=classic&heartbeat=2");
  assert.equal(target.hosts[0]?.name, "::1");
  assert.equal(target.shown, "[::1]:7777");
  assert.equal(target.vhost, "team/a");
  assert.equal(target.username, "an@a");
  assert.equal(target.password, "p/w");
  assert.equal(target.queueType, "classic");
  assert.equal(target.maxPriority, undefined);
  assert.equal(target.heartbeat, 2);
});

Deno.test("a broker URL: a WebSocket keeps its own parameters and loses the credentials", () => {
  const target = parseUrl("wss://u:p@host/ws/amqp?token=1&queueType=classic&vhost=v");
  assert.equal(target.hosts[0]?.endpoint, "wss://host/ws/amqp?token=1");
  assert.equal(target.vhost, "v");
  assert.equal(target.hosts[0]?.port, 443);
});

Deno.test("a broker URL: classic queues with priorities", () => {
  const target = parseUrl("amqp://localhost?queueType=classic-priority");
  assert.equal(target.queueType, "classic");
  assert.equal(target.maxPriority, 9);
});

const lists: Record<string, string> = {
  "amqp:///team": "localhost:5672",
  "amqp://u:p@a:5672,b:5673,c/vhost?heartbeat=3": "a:5672, b:5673, c:5672",
  "amqps://u:p@a,b:1,c": "a:5671, b:1, c:5671",
  "amqp://u:p@[::1]:5673,[fe80::2],10.0.0.1/": "[::1]:5673, [fe80::2]:5672, 10.0.0.1:5672",
  "amqp://u:p,w@a,b": "a:5672, b:5672",
  "ws://u:p@a:15675,b/ws?token=1": "a:15675, b:80",
};

for (const [url, shown] of Object.entries(lists)) {
  Deno.test(`a broker URL: the hosts of ${url}`, () => assert.equal(parseUrl(url).shown, shown));
}

Deno.test("a broker URL: several hosts share all but their name and port", () => {
  const target = parseUrl("wss://u:p@a:1,b,[::1]:3/ws?token=1&vhost=v&heartbeat=3");
  assert.deepEqual(target.hosts.map(({ endpoint }) => endpoint), [
    "wss://a:1/ws?token=1",
    "wss://b/ws?token=1",
    "wss://[::1]:3/ws?token=1",
  ]);
  assert.deepEqual([target.username, target.password, target.vhost], ["u", "p", "v"]);
  assert.equal(parseUrl("amqp://u:p,w@a,b/t").password, "p,w");
});

const refused: Record<string, RegExp> = {
  "amqp://u:s3cret@host:99999/": /^the host in the broker URL is no host with a port from 1 to/,
  "amqp://u:s3cret@host:0/": /is no host with a port from 1 to 65535; allowed is amqp:/,
  "amqp://u:s3cret@host/?queueType=stream":
    /queueType is quorum, classic or classic-priority, not "stream"/,
  "amqp://u:s3cret@host/?heartbeat=0": /heartbeat is a whole number/,
  "amqp://u:s3cret@host/?hartbeat=3": /the parameter "hartbeat"/,
  "amqp://u:s3cret%zz@host/": /a % that no two/,
  "amqp://u:s3cret/x@host/": /no host with a port/,
  "http://u:s3cret@host/": /amqp, amqps, ws or wss, not by "http"/,
  "amqp:s3cret": /the broker URL is no URL; allowed is/,
  "amqp://u:s3cret@": /^the host in the broker URL is empty/,
  "amqp://u:s3cret@a,,c/": /^host 2 of 3 in the broker URL is empty; allowed is .*a:5672,b:5672/,
  "amqp://u:s3cret@a,b,": /^host 3 of 3 .* is empty/,
  "amqp://u:s3cret@a:1,b:port,c/": /^host 2 of 3 .* is no host with a port/,
  "amqp://u:s3cret@a,b:0/": /^host 2 of 2 .* is no host with a port/,
  "amqp://u:s3cret@a,:5672/": /^host 2 of 2 .* is no host/,
  "amqp://u:s3cret@a,::1/": /^host 2 of 2 .* is no host/,
  "amqp://u:s3cret@a, b/": /^host 2 of 2 .* is no host/,
  "amqp://u:s3cret@a,v:s3cret@b/": /a user for more than one host; .* given once/,
  "amqp://a,v:s3cret@b/": /a user for more than one host/,
};

for (const [url, why] of Object.entries(refused)) {
  Deno.test(`a broker URL that is refused, without its secret: ${url.replaceAll("s3cret", "*")}`, () => {
    assert.throws(() => parseUrl(url), (error: unknown) => {
      assert.ok(error instanceof BrokerUrlError);
      assert.ok(!error.message.includes("s3cret"));
      assert.match(error.message, why);
      return true;
    });
  });
}
