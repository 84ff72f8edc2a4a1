import assert from "node:assert/strict";
import type { BrokerStatus } from "../../shared/broker/broker.ts";
import { open } from "../../shared/broker/rabbitmq/driver.ts";
import { eventually } from "../brokers.ts";
import { rabbitmqTest, serverUrl, withParameters } from "./server.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";

rabbitmqTest(
  "a connection that falls silent is noticed within two heartbeats, and replaced",
  async () => {
    const { hostname, port } = new URL(serverUrl);
    await using proxy = await startTcpProxy(hostname, Number(port) || 5672);
    const url = new URL(withParameters(serverUrl, { heartbeat: "2" }));
    url.hostname = "127.0.0.1";
    url.port = String(proxy.port);
    const told: BrokerStatus[] = [];
    await using broker = await open(url.href, {
      name: "proxymq-test",
      onStatus: (status) => {
        told.push(status);
      },
    });
    await eventually(() => broker.status.connected);
    const since = performance.now();
    proxy.silence();
    await eventually(() => !broker.status.connected);
    const took = performance.now() - since;
    assert.ok(took > 1900 && took < 4500, `${took} ms`);
    assert.match(told.at(-1)?.detail ?? "", /nothing was heard/);
    proxy.resume();
    await eventually(() => broker.status.connected, { timeoutMs: 30_000 });
  },
);

rabbitmqTest("a quiet connection, and one that is only read from, are kept", async (t) => {
  const url = withParameters(t.url, { heartbeat: "1" });
  let changes = 0;
  await using broker = await open(url, { name: "proxymq-test", onStatus: () => changes++ });
  await using other = await open(t.url, { name: "proxymq-test" });
  const reply = t.replyQueue();
  await broker.declare(reply);
  await other.declare(t.workQueue());
  const { signal } = new AbortController();
  let came = 0;
  const before = changes;
  const until = performance.now() + 6000;
  for await (const _ of sendAndReceive()) if (performance.now() > until) break;
  assert.equal(changes, before, broker.status.detail);
  assert.ok(came > 100);

  async function* sendAndReceive() {
    const deliveries = broker.consume(reply.name, { prefetch: 1, signal });
    const send = () =>
      other.publish({ queue: reply.name }, [{ body: new Uint8Array(1), headers: {} }]);
    await send();
    for await (const delivery of deliveries) {
      came++;
      yield delivery;
      await send();
    }
  }
});
