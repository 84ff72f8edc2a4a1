import assert from "node:assert/strict";
import { readDeadLetter } from "../../shared/dead_letters/dead_letter.ts";
import { toDocument, toSummary } from "../../shared/dead_letters/document.ts";
import { letter, table } from "./format.ts";

const dead = readDeadLetter("orders", {
  correlationId: "id-1",
  headers: {
    method: "POST",
    path: `/${"x".repeat(200)}`,
    headers: { accept: ["a", "b"] },
    attempts: [{ at: 0, failure: "status-503" }],
    "dead-reason": "status-503\nforged line",
    "dead-at": 0,
    "dead-response": "busy",
  },
  body: new Uint8Array([0, 65, 255]),
});

Deno.test("a table has a line for each, whatever is in it", () => {
  const lines = table([toSummary(dead, 60_000), toSummary(dead, 0)]).split("\n");
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? "", /^ID +AGE +REASON +TRIES/);
  assert.match(lines[1] ?? "", /^id-1 {2}60s {2}status-503 forged line {2}1 +0 +3 B +POST \/x+…$/);
});

Deno.test("one dead letter, for people", () => {
  const text = letter(toDocument(dead, 60_000));
  assert.match(text, /^id +id-1$/m);
  assert.match(text, /^attempts:\n {2}1970-01-01T00:00:00.000Z {2}status-503$/m);
  assert.match(text, /^headers:\n {2}accept: a\n {2}accept: b$/m);
  assert.match(text, /^body, 3 bytes:\n {2}000000 {2}00 41 ff +\.A\.$/m);
});
