import assert from "node:assert/strict";
import type { Message } from "../broker/broker.ts";
import { LineError, parseLine, toLine } from "./archive.ts";

Deno.test("a dead letter comes through a line as it was", () => {
  const message: Message = {
    messageId: "m",
    correlationId: "c",
    replyTo: "r",
    contentType: "text/plain",
    type: "proxymq.request",
    priority: 9,
    timestamp: 1_700_000_000_000,
    durable: true,
    headers: {
      text: "ä\n\u2028",
      deadline: 2 ** 45,
      negative: -1,
      yes: true,
      list: ["a", 1, ["b"], {}],
      headers: { "x-tag": ["a", "b"], empty: "" },
    },
    // A view into a larger buffer, as drivers hand it out.
    body: new Uint8Array([9, 0, 255, 10, 13, 9]).subarray(1, 5),
  };
  const line = toLine("orders", message);
  assert.doesNotMatch(line, /\n/);
  const { body, ...rest } = parseLine(line);
  const { body: expected, ...others } = message;
  assert.deepEqual(rest, others);
  assert.deepEqual([...body], [...expected]);
});

Deno.test("a bare message comes through a line too", () => {
  const { body, ...rest } = parseLine(toLine("x", { body: new Uint8Array(0), headers: {} }));
  assert.deepEqual(rest, { headers: {}, durable: true });
  assert.equal(body.byteLength, 0);
});

Deno.test("what says that its body is in a spool is refused: the body is not in the file", () => {
  const line = toLine("x", { body: new Uint8Array(0), headers: { spool: "a", size: 9 } });
  assert.throws(() => parseLine(line), (error) => {
    return error instanceof LineError && /its body is not in it/.test(error.message);
  });
});

const good = JSON.parse(toLine("x", { body: new Uint8Array(0), headers: {} }));
const bad: [string, RegExp][] = [
  ["", /not JSON/],
  ["{", /not JSON/],
  ["[]", /not a dead letter/],
  ["{}", /proxymq-dead-letter/],
  [JSON.stringify({ ...good, "proxymq-dead-letter": 2 }), /proxymq-dead-letter/],
  [JSON.stringify({ ...good, headers: { a: 1.5 } }), /headers/],
  [JSON.stringify({ ...good, headers: { a: null } }), /headers/],
  [JSON.stringify({ ...good, body: "not base64!" }), /body/],
  [JSON.stringify({ ...good, more: 1 }), /more/],
  [JSON.stringify({ ...good, properties: { reply_to: 7 } }), /properties\.reply_to/],
];

for (const [line, problem] of bad) {
  Deno.test(`the line ${line.slice(0, 60)} is refused`, () => {
    assert.throws(() => parseLine(line), (error) => {
      assert.ok(error instanceof LineError);
      assert.match(error.message, problem);
      return true;
    });
  });
}
