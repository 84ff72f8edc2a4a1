import assert from "node:assert/strict";
import { columns, printable, span } from "./text.ts";

Deno.test("spans", () => {
  const spans: [number | undefined, string][] = [
    [undefined, "?"],
    [999, "0s"],
    [119_000, "119s"],
    [120_000, "2m"],
    [7_199_000, "119m"],
    [7_200_000, "2h"],
    [172_800_000, "2d"],
  ];
  for (const [ms, text] of spans) assert.equal(span(ms), text);
});

Deno.test("nothing from outside takes the terminal over", () => {
  assert.equal(printable("a\x1b[31mb\u202ec\r\u009b"), "a\\u001b[31mb\\u202ec\\u000d\\u009b");
  assert.equal(printable("ä €\n\t𝄞"), "ä €\n\t𝄞");
});

Deno.test("columns stand below each other", () => {
  assert.deepEqual(columns([["A", "BB", "C"], ["aaa", "b", ""]]), ["A    BB  C", "aaa  b"]);
});
