import assert from "node:assert/strict";
import type { Message } from "../broker/broker.ts";
import { type Credit, decodeCredit, encodeCredit } from "./credit.ts";
import { EnvelopeError } from "./envelope.ts";

Deno.test("a credit comes out of its message as it went in", () => {
  const credits: Credit[] = [
    { id: "0193-id", stream: "s1", bytes: 2 ** 40 },
    { id: "0193-id", stream: "s1", bytes: 0 },
    { id: "0193-id", stream: "s1", bytes: undefined },
  ];
  for (const credit of credits) {
    const message = encodeCredit(credit);
    assert.equal(message.durable, false);
    assert.equal(message.body.byteLength, 0);
    assert.deepEqual(decodeCredit(message), credit);
  }
});

Deno.test("a message that is no credit is refused with where", () => {
  const good = encodeCredit({ id: "0193-id", stream: "s1", bytes: 5 });
  const cases: [Partial<Message>, RegExp][] = [
    [{ type: "proxymq.cancel" }, /proxymq\.cancel/],
    [{ correlationId: "" }, /correlation_id/],
    [{ headers: { ...good.headers, stream: 1 } }, /"stream"/],
    [{ headers: { stream: "s1" } }, /"bytes"/],
    [{ headers: { stream: "s1", stop: "true" } }, /"bytes"/],
    [{ headers: { ...good.headers, bytes: -1 } }, /"bytes"/],
    [{ headers: { ...good.headers, "proxymq-version": 2 } }, /is 2, not 1/],
  ];
  for (const [departure, detail] of cases) {
    assert.throws(
      () => decodeCredit({ ...good, ...departure }),
      (error) => error instanceof EnvelopeError && detail.test(error.message),
      JSON.stringify(departure),
    );
  }
});
