import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { BrokerUnavailableError, QueueMismatchError } from "../../shared/broker/errors.ts";
import { open } from "../../shared/broker/rabbitmq/driver.ts";
import { eventually } from "../brokers.ts";
import { rabbitmqTest, serverUrl, withParameters } from "./server.ts";

rabbitmqTest("a wrong password is said clearly, without it, and tried again", async () => {
  const url = new URL(serverUrl);
  url.password = "s3cret-and-wrong";
  const details: string[] = [];
  await using broker = await open(url.href, {
    name: "proxymq-test",
    onStatus: ({ detail }) => details.push(detail),
  });
  await eventually(() => /user name or the password/.test(broker.status.detail));
  const publish = broker.publish({ queue: "any" }, [{ body: new Uint8Array(0), headers: {} }]);
  await assert.rejects(publish, (error: unknown) => {
    assert.ok(error instanceof BrokerUnavailableError);
    assert.ok(!Deno.inspect(error, { depth: 10 }).includes("s3cret"));
    return true;
  });
  assert.ok(!details.join().includes("s3cret"));
});

rabbitmqTest("a virtual host that does not exist is said clearly", async () => {
  const url = new URL(serverUrl);
  url.pathname = "/no_such_host";
  await using broker = await open(url.href, { name: "proxymq-test" });
  await eventually(() => /virtual host.*no_such_host/.test(broker.status.detail));
});

Deno.test("rabbitmq: where nothing listens, publishing is refused at once and a wait can be aborted", async () => {
  await using broker = await open("amqp://127.0.0.1:1/", { name: "proxymq-test" });
  const message = { body: new Uint8Array(0), headers: {} };
  await assert.rejects(broker.publish({ queue: "any" }, [message]), BrokerUnavailableError);
  assert.equal(broker.status.connected, false);
  const reason = new Error("enough");
  const declared = broker.declare({ kind: "reply", name: "any" }, {
    signal: AbortSignal.abort(reason),
  });
  await assert.rejects(declared, reason);
});

Deno.test("rabbitmq: a handle on a server that never answers is disposed of at once", async () => {
  const sockets: { destroy(): void }[] = [];
  const server = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const broker = await open(`amqp://127.0.0.1:${port}/`, { name: "proxymq-test" });
  const declared = assert.rejects(
    broker.declare({ kind: "reply", name: "any" }),
    BrokerUnavailableError,
  );
  await eventually(() => sockets.length > 0);
  await broker[Symbol.asyncDispose]();
  await declared;
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

rabbitmqTest(
  "a queue of the other type is a mismatch, said in one sentence with the remedy",
  async (t) => {
    const queue = t.workQueue();
    const quorum = await t.open();
    await quorum.declare(queue);
    const url = withParameters(t.url, { queueType: "classic" });
    await using classic = await open(url, { name: "proxymq-test" });
    await assert.rejects(classic.declare(queue), (error: unknown) => {
      assert.ok(error instanceof QueueMismatchError);
      assert.match(
        error.message,
        /exists with x-queue-type "quorum", but is wanted with "classic"/,
      );
      assert.match(error.message, /RABBITMQ_QUEUE_TYPE=quorum/);
      return true;
    });
  },
);
