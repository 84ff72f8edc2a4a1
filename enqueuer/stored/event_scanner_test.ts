import assert from "node:assert/strict";
import { EventScanner } from "./event_scanner.ts";

/** What follows the event with an id, in text that comes in pieces of so many bytes. */
function after(text: string, id: string, pieceBytes: number): string | undefined {
  const bytes = new TextEncoder().encode(text);
  const scanner = new EventScanner(id);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    if (scanner.push(bytes.subarray(at, at + pieceBytes))) break;
  }
  const { end } = scanner;
  return end === undefined ? undefined : new TextDecoder().decode(bytes.subarray(end));
}

Deno.test("where an event stream goes on after an id", async (t) => {
  const cases: [string, string, string, string | undefined][] = [
    ["the first", "id: 1\ndata: a\n\nid: 2\ndata: b\n\n", "1", "id: 2\ndata: b\n\n"],
    ["the last", "id: 1\ndata: a\n\nid: 2\ndata: b\n\n", "2", ""],
    ["an unknown one", "id: 1\ndata: a\n\nid: 2\ndata: b\n\n", "3", undefined],
    ["one that begins like another", "id: 11\n\nid: 1\n\nrest", "1", "rest"],
    ["one that is longer", "id: 1\n\nid: 11\n\nrest", "11", "rest"],
    ["carriage returns", "id: 1\rdata: a\r\rid: 2\r\r", "1", "id: 2\r\r"],
    ["both", "id: 1\r\ndata: a\r\n\r\nid: 2\r\n\r\n", "1", "id: 2\r\n\r\n"],
    ["both, the last", "id: 1\r\ndata: a\r\n\r\n", "1", ""],
    ["no space", "id:1\n\nrest", "1", "rest"],
    ["two spaces are one of the id", "id:  1\n\nid: 1\n\nrest", "1", "rest"],
    ["the id after the data", "data: a\nid: 1\n\nrest", "1", "rest"],
    ["the last of several in an event", "id: 1\nid: 2\n\nid: 3\n\n", "1", undefined],
    ["the same", "id: 1\nid: 2\n\nid: 3\n\n", "2", "id: 3\n\n"],
    ["an empty one", "id: 1\n\nid\n\nrest", "", "rest"],
    ["an event that is not whole", "id: 1\ndata: a\n", "1", undefined],
    ["a byte order mark", "\ufeffid: 1\n\nrest", "1", "rest"],
    ["not what only looks like it", "idx: 1\n\n: id: 1\n\ndata: id: 1\n\n", "1", undefined],
    ["in UTF-8", "id: é✓\n\nrest", "é✓", "rest"],
    ["after a long line", `data: ${"x".repeat(9_000)}\n\nid: 1\n\nrest`, "1", "rest"],
    ["a long id", `id: ${"1".repeat(900)}\n\nid: 1\n\nrest`, "1", "rest"],
    ["empty lines before", "\n\n\nid: 1\n\nrest", "1", "rest"],
  ];
  for (const [name, text, id, expected] of cases) {
    await t.step(name, () => {
      for (const bytes of [1, 2, 3, 10_000]) assert.equal(after(text, id, bytes), expected);
    });
  }
});
