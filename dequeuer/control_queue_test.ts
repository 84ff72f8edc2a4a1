import assert from "node:assert/strict";
import { openBroker } from "../shared/broker/open.ts";
import { encodeCancel } from "../shared/message/cancel.ts";
import { encodeCredit } from "../shared/message/credit.ts";
import { cancelBroadcast } from "../shared/service_name.ts";
import { eventually } from "../tests/support/waiting.ts";
import { ControlQueue } from "./control_queue.ts";

Deno.test("what is broadcast to the service, and what is sent to the queue, is heard", async () => {
  await using broker = await openBroker("memory:control_queue", { name: "test" });
  const heard: string[] = [];
  await using control = new ControlQueue(({ type }) => heard.push(String(type)));
  assert.equal(control.queue, undefined);
  control.start(broker, [cancelBroadcast("service")]);
  const queue = await eventually(() => control.queue) ?? "";
  assert.match(queue, /^control_/);
  const cancel = encodeCancel({ id: "id", reason: "requested" });
  await broker.publish({ broadcast: cancelBroadcast("other") }, [cancel]);
  await broker.publish({ broadcast: cancelBroadcast("service") }, [cancel]);
  await broker.publish({ queue }, [encodeCredit({ id: "id", stream: "s", bytes: 1 })]);
  await eventually(() => heard.length === 2);
  assert.deepEqual(heard, ["proxymq.cancel", "proxymq.credit"]);
});

Deno.test("a broker that refuses the queue delays nothing, and ends with its owner", async () => {
  const broker = await openBroker("memory:control_queue_refused", { name: "test" });
  await broker[Symbol.asyncDispose]();
  await using control = new ControlQueue(() => assert.fail("heard"));
  control.start(broker, []);
  assert.equal(control.queue, undefined);
});
