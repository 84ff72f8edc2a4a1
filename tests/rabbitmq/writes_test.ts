import assert from "node:assert/strict";
import { Socket } from "node:net";
import { rabbitmqTest } from "./server.ts";

const message = { body: new Uint8Array(100), headers: { a: "b" } };

rabbitmqTest("what is published in one turn of the event loop goes out in one write", async (t) => {
  const broker = await t.open();
  const queue = t.workQueue();
  await broker.declare(queue);
  await broker.publish({ queue: queue.name }, [message]);
  const original = Socket.prototype.write;
  let writes = 0;
  Socket.prototype.write = function (this: Socket, ...args: Parameters<Socket["write"]>) {
    writes++;
    return original.apply(this, args);
  } as Socket["write"];
  try {
    const published = Array.from(
      { length: 200 },
      () => broker.publish({ queue: queue.name }, [message]),
    );
    await Promise.all(published);
  } finally {
    Socket.prototype.write = original;
  }
  assert.ok(writes >= 1 && writes <= 3, `${writes} writes for 600 frames`);
});
