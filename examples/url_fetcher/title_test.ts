import { equal } from "node:assert/strict";
import { decodeText, htmlTitle, isHtml } from "./title.ts";

const titles: [string, string, string | null][] = [
  ["plain", "<html><head><title>Hello</title>", "Hello"],
  ["upper case and attributes", '<TITLE data-x="1">Hello</TITLE >', "Hello"],
  ["white space", "<title>\n  a \t b\n</title>", "a b"],
  ["named entities", "<title>a &amp; b &lt;c&gt; &quot;d&quot;&hellip;</title>", 'a & b <c> "d"…'],
  ["numeric entities", "<title>&#65;&#x42;&#X1F600;</title>", "AB😀"],
  [
    "entities that are no characters",
    "<title>&#0;&#xD800;&#x110000;</title>",
    "\ufffd\ufffd\ufffd",
  ],
  ["unknown entities", "<title>&nosuch; & &amp;lt;</title>", "&nosuch; & &lt;"],
  ["the first of two", "<title>a</title><svg><title>b</title></svg>", "a"],
  ["not in a comment", "<!-- <title>a</title> --><title>b</title>", "b"],
  ["after an empty comment", "<!--><title>b</title>", "b"],
  ["not in a script", "<script>'<title>a</title>'</script><title>b</title>", "b"],
  ["empty", "<title>  </title>", null],
  ["none", "<p>titles</p>", null],
  ["another element", "<titles>a</titles>", null],
  ["never closed", "<title>a", null],
  ["closed before it is open", "<title</title>", null],
];

Deno.test("the title of an HTML page", async (t) => {
  for (const [name, html, expected] of titles) {
    await t.step(name, () => equal(htmlTitle(html), expected));
  }
});

Deno.test("a hostile page takes linear time", () => {
  const started = performance.now();
  for (const piece of ["<!--", "<title ", "<script ", "<title>", "&#", "<!---->"]) {
    htmlTitle(piece.repeat(50_000));
  }
  equal(performance.now() - started < 2000, true);
});

Deno.test("text is decoded by the charset of its content type, by UTF-8 without one", () => {
  equal(decodeText(new Uint8Array([0xe4]), "text/html; charset=ISO-8859-1"), "ä");
  equal(decodeText(new Uint8Array([0xe4]), 'text/html; charset="windows-1252"; x=y'), "ä");
  equal(decodeText(new TextEncoder().encode("ä"), "text/html"), "ä");
  equal(decodeText(new TextEncoder().encode("ä"), "text/html; charset=nonsense"), "ä");
  equal(decodeText(new Uint8Array([0xff]), null), "\ufffd");
});

Deno.test("HTML is told by its content type", () => {
  equal(isHtml("text/html; charset=utf-8"), true);
  equal(isHtml("Application/XHTML+XML"), true);
  equal(isHtml("text/htmlx"), false);
  equal(isHtml("application/json"), false);
  equal(isHtml(null), false);
});
