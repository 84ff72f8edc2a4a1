import assert from "node:assert/strict";
import { BrokerUrlError } from "../errors.ts";
import { parseUrl } from "./url.ts";

Deno.test("a broker URL: defaults", () => {
  const target = parseUrl("amqp://localhost");
  assert.equal(target.host, "localhost");
  assert.equal(target.port, 5672);
  assert.equal(target.vhost, "/");
  assert.equal(target.username, "guest");
  assert.equal(target.queueType, "quorum");
  assert.equal(target.heartbeat, 10);
  assert.equal(target.shown, "localhost:5672");
});

Deno.test("a broker URL: everything given", () => {
  const target = parseUrl("amqps://an%40a:p%2Fw@[::1]:7777/team%2Fa?queueType=classic&heartbeat=2");
  assert.equal(target.host, "::1");
  assert.equal(target.shown, "[::1]:7777");
  assert.equal(target.vhost, "team/a");
  assert.equal(target.username, "an@a");
  assert.equal(target.password, "p/w");
  assert.equal(target.queueType, "classic");
  assert.equal(target.heartbeat, 2);
});

Deno.test("a broker URL: a WebSocket keeps its own parameters and loses the credentials", () => {
  const target = parseUrl("wss://u:p@host/ws/amqp?token=1&queueType=classic&vhost=v");
  assert.equal(target.endpoint, "wss://host/ws/amqp?token=1");
  assert.equal(target.vhost, "v");
  assert.equal(target.port, 443);
});

for (
  const url of [
    "amqp://u:s3cret@host:99999/",
    "amqp://u:s3cret@host/?queueType=stream",
    "amqp://u:s3cret@host/?heartbeat=0",
    "amqp://u:s3cret@host/?hartbeat=3",
    "amqp://u:s3cret%zz@host/",
    "http://u:s3cret@host/",
  ]
) {
  Deno.test(`a broker URL that is refused, without its secret: ${url.replace("s3cret", "*")}`, () => {
    assert.throws(() => parseUrl(url), (error: unknown) => {
      assert.ok(error instanceof BrokerUrlError);
      assert.ok(!error.message.includes("s3cret"));
      return true;
    });
  });
}
