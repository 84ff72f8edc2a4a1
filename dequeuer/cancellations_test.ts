import assert from "node:assert/strict";
import type { Message } from "../shared/broker/broker.ts";
import { encodeCancel } from "../shared/message/cancel.ts";
import { Cancellations, type OnDisconnect } from "./cancellations.ts";

/** What a dequeuer with this setting makes of messages. */
async function heard(onDisconnect: OnDisconnect, messages: readonly Message[]) {
  const told: string[] = [];
  const left: string[] = [];
  await using cancellations = new Cancellations({
    onDisconnect,
    onCancel: (id) => told.push(id),
    onLeft: (id) => left.push(id),
  });
  for (const message of messages) cancellations.hear(message);
  return { told, left, kept: told.filter((id) => cancellations.has(id)) };
}

const messages: Message[] = [
  encodeCancel({ id: "gone", reason: "disconnect", deadline: Date.now() + 60_000 }),
  { body: new Uint8Array(0), headers: { nonsense: true } },
  encodeCancel({ id: "asked", reason: "requested" }),
];

Deno.test("cancelled requests are known, what is not understood is passed over", async () => {
  const { told, left, kept } = await heard("cancel", messages);
  assert.deepEqual(told, ["gone", "asked"]);
  assert.deepEqual(kept, told);
  assert.deepEqual(left, []);
});

Deno.test("finish: a hang-up is no reason, but a request to cancel is", async () => {
  const { told, left } = await heard("finish", messages);
  assert.deepEqual(told, ["asked"]);
  assert.deepEqual(left, ["gone"]);
});

Deno.test("a request without an id, or that nobody cancelled, is not cancelled", async () => {
  await using cancellations = new Cancellations({ onDisconnect: "cancel", onCancel() {} });
  assert.equal(cancellations.has(undefined), false);
  assert.equal(cancellations.has("x"), false);
});
