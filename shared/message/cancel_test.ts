import assert from "node:assert/strict";
import type { Message } from "../broker/broker.ts";
import { type Cancel, decodeCancel, encodeCancel } from "./cancel.ts";
import { EnvelopeError } from "./envelope.ts";

Deno.test("a cancel comes out of its message as it went in", () => {
  const cancels: Cancel[] = [
    { id: "0193-id", reason: "disconnect", deadline: 1_763_800_030_000 },
    { id: "0193-id", reason: "requested" },
  ];
  for (const cancel of cancels) {
    const message = encodeCancel(cancel);
    assert.equal(message.durable, false);
    assert.equal(message.body.byteLength, 0);
    assert.deepEqual(decodeCancel(message), cancel);
  }
});

Deno.test("a message that is no cancel is refused with where", async (t) => {
  const good = { reason: "requested" };
  const cases: [string, Partial<Message>, RegExp][] = [
    ["no id", { correlationId: "", headers: good }, /correlation_id/],
    ["no reason", {}, /"reason"/],
    ["another reason", { headers: { reason: "bored" } }, /"reason".*disconnect, requested/],
    ["deadline is text", { headers: { ...good, deadline: "soon" } }, /"deadline"/],
    ["a later version", { headers: { ...good, "proxymq-version": 2 } }, /is 2, not 1/],
    ["another type", { type: "proxymq.response", headers: good }, /proxymq\.response/],
  ];
  for (const [name, message, detail] of cases) {
    await t.step(name, () => {
      assert.throws(
        () =>
          decodeCancel({ body: new Uint8Array(0), headers: {}, correlationId: "id", ...message }),
        (error) => error instanceof EnvelopeError && detail.test(error.message),
      );
    });
  }
});
