import assert from "node:assert/strict";
import { targetOf } from "./target.ts";

Deno.test("target of a URL", () => {
  const cases: [string, string | undefined, string | undefined, string?][] = [
    ["http://h/proxy/echo/a/b?c=d", undefined, "echo", "/a/b?c=d"],
    ["http://h/proxy/echo", undefined, "echo", "/"],
    ["http://h/proxy/echo/", undefined, "echo", "/"],
    ["http://h/proxy/echo?x=1", undefined, "echo", "/?x=1"],
    ["http://h/proxy/echo//a/../b/%2F%41?q=%20/z", undefined, "echo", "//a/../b/%2F%41?q=%20/z"],
    ["http://h/proxy/Bad_Name/x", undefined, "Bad_Name", "/x"],
    ["http://h/proxy/", undefined, "", "/"],
    ["http://h/other", undefined, undefined],
    ["http://h/other?a", "main", "main", "/other?a"],
    ["http://h", "main", "main", "/"],
    ["http://h/proxyx/y", "main", "main", "/proxyx/y"],
    ["/proxy/echo/a?b=c://d/e", undefined, "echo", "/a?b=c://d/e"],
    ["/proxy/echo/../../docs", undefined, "echo", "/../../docs"],
    ["/a://b/c", "main", "main", "/a://b/c"],
    ["*", "main", "main", "/"],
  ];
  for (const [url, byDefault, service, path] of cases) {
    const expected = service === undefined ? undefined : { service, path };
    assert.deepEqual(targetOf(url, byDefault), expected, url);
  }
});
