import assert from "node:assert/strict";
import type { Message } from "../shared/broker/broker.ts";
import { openBroker } from "../shared/broker/open.ts";
import { encodeCancel } from "../shared/message/cancel.ts";
import { cancelBroadcast } from "../shared/service_name.ts";
import { Cancellations, type OnDisconnect } from "./cancellations.ts";

/** What a dequeuer with this setting makes of the messages that are broadcast to its service. */
async function heard(onDisconnect: OnDisconnect, messages: readonly Message[]) {
  await using broker = await openBroker(`memory:cancellations_${onDisconnect}`, { name: "test" });
  const told: string[] = [];
  const last = Promise.withResolvers<void>();
  await using cancellations = new Cancellations({
    onDisconnect,
    onCancel(id) {
      told.push(id);
      if (id === "last") last.resolve();
    },
  });
  cancellations.start(broker, results, "service");
  const end = encodeCancel({ id: "last", reason: "requested" });
  const [mine, others] = ["service", "other"].map((name) => ({ broadcast: cancelBroadcast(name) }));
  assert.ok(mine && others);
  await broker.publish(others, [encodeCancel({ id: "foreign", reason: "requested" })]);
  await broker.publish(mine, [...messages, end]);
  await last.promise;
  return { told, kept: told.filter((id) => cancellations.has(id)) };
}

const messages: Message[] = [
  encodeCancel({ id: "gone", reason: "disconnect", deadline: Date.now() + 60_000 }),
  { body: new Uint8Array(0), headers: { nonsense: true } },
  encodeCancel({ id: "asked", reason: "requested" }),
];

/** A store in which nothing is cancelled. */
const results = {
  async *cancelled(signal: AbortSignal) {
    yield [];
    if (signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  },
};

Deno.test("cancelled requests are known, what is not understood is passed over", async () => {
  const { told, kept } = await heard("cancel", messages);
  assert.deepEqual(told, ["gone", "asked", "last"]);
  assert.deepEqual(kept, told);
});

Deno.test("finish: a hang-up is no reason, but a request to cancel is", async () => {
  assert.deepEqual((await heard("finish", messages)).told, ["asked", "last"]);
});

Deno.test("a request without an id, or that nobody cancelled, is not cancelled", async () => {
  await using cancellations = new Cancellations({ onDisconnect: "cancel", onCancel() {} });
  assert.equal(cancellations.has(undefined), false);
  assert.equal(cancellations.has("x"), false);
});

Deno.test("a broker that refuses the queue delays nothing, and ends with its owner", async () => {
  const broker = await openBroker("memory:cancellations_refused", { name: "test" });
  await broker[Symbol.asyncDispose]();
  await using cancellations = new Cancellations({ onDisconnect: "cancel", onCancel() {} });
  cancellations.start(broker, results, "service");
  assert.equal(cancellations.has("x"), false);
});
