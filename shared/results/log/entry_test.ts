import assert from "node:assert/strict";
import type { Message } from "../../broker/broker.ts";
import { EnvelopeError } from "../../message/envelope.ts";
import { decodeEntry, encodeEntry, type Entry } from "./entry.ts";

const id = "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f";

Deno.test("an entry comes out of its message as it went in", () => {
  const entries: Entry[] = [
    {
      kind: "enter",
      id,
      at: 1,
      service: "s",
      state: "queued",
      dueAt: 2,
      deadline: 3,
      claim: { key: "k", fingerprint: "f" },
    },
    { kind: "confirm", id, at: 1 },
    { kind: "withdraw", id, at: 1 },
    { kind: "change", id, at: 1, service: "s", state: "processing", run: 1, attempt: 2 },
    { kind: "change", id, at: 1, state: "queued", nextAttemptAt: 9, reason: "status-503" },
    {
      kind: "change",
      id,
      at: 1,
      state: "failed",
      response: { status: 404, headers: { a: ["1", "2"] }, body: new Uint8Array([0, 255]) },
    },
    { kind: "cancel", id, at: 1 },
    { kind: "refresh", id, at: 5, service: "s", state: "queued", confirmed: true, createdAt: 1 },
    { kind: "mark", id, at: 1 },
  ];
  for (const entry of entries) assert.deepEqual(decodeEntry(encodeEntry(entry)), entry);
});

Deno.test("a response without headers or body is one all the same", () => {
  const response = { status: 204, headers: {}, body: new Uint8Array(0) };
  const entry: Entry = { kind: "change", id, at: 1, state: "succeeded", response };
  assert.deepEqual(decodeEntry(encodeEntry(entry)).response, response);
});

Deno.test("a message that is no entry is refused with where", async (t) => {
  const good = { kind: "change", at: 1 };
  const cases: [string, Partial<Message>, RegExp][] = [
    ["no id", { correlationId: "", headers: good }, /correlation_id/],
    ["no kind", { headers: { at: 1 } }, /"kind" is not one of enter, confirm/],
    ["another state", { headers: { ...good, state: "bored" } }, /"state" is not one of queued/],
    ["a service that is a number", { headers: { ...good, service: 1 } }, /"service" is not text/],
    ["a time that is text", { headers: { ...good, at: "now" } }, /"at" is not a number/],
    ["headers that are no JSON", { headers: { ...good, status: 200, headers: "{" } }, /not JSON/],
    ["a header that HTTP does not allow", {
      headers: { ...good, status: 200, headers: '{"a b":"1"}' },
    }, /"a b"/],
    ["another type", { type: "proxymq.request", headers: good }, /proxymq\.request/],
    ["a later version", { headers: { ...good, "proxymq-version": 2 } }, /is 2, not 1/],
  ];
  for (const [name, message, detail] of cases) {
    await t.step(name, () => {
      assert.throws(
        () => decodeEntry({ correlationId: id, headers: {}, body: new Uint8Array(0), ...message }),
        (error) => error instanceof EnvelopeError && detail.test(error.message),
      );
    });
  }
});
