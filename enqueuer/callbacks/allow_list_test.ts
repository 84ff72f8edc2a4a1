import assert from "node:assert/strict";
import { parseAllowEntry } from "./allow_entry.ts";
import { AllowList, CallbackUrlError } from "./allow_list.ts";

function allowList(text: string): AllowList {
  return new AllowList(
    text.split(" ").filter(Boolean).map((entry) => {
      const parsed = parseAllowEntry(entry);
      assert.ok(parsed, entry);
      return parsed;
    }),
  );
}

Deno.test("a URL is allowed by its scheme, host and port", async (t) => {
  const cases: [string, string, RegExp | true][] = [
    ["example.com", "https://example.com/hook?a=b", true],
    ["example.com", "HTTPS://EXAMPLE.com", true],
    ["example.com", "https://example.com:443/", true],
    ["example.com:443", "https://example.com/", true],
    ["example.com", "http://example.com/", /does not list http:\/\/example\.com/],
    ["http://example.com", "http://example.com/", true],
    ["http://example.com", "https://example.com/", /does not list https/],
    ["example.com", "https://example.com:8443/", /does not list .*:8443/],
    ["example.com:8443", "https://example.com:8443/", true],
    ["example.com:8443", "https://example.com/", /does not list/],
    ["example.com", "https://a.example.com/", /does not list/],
    ["example.com", "https://example.com.evil.test/", /does not list/],
    ["example.com", "https://example.com./", /does not list/],
    ["example.com", "https://notexample.com/", /does not list/],
    ["*.example.com", "https://a.b.example.com/", true],
    ["*.example.com", "https://example.com/", /does not list/],
    ["*.example.com", "https://notexample.com/", /does not list/],
    ["bücher.example", "https://xn--bcher-kva.example/", true],
    ["http://127.0.0.1:9000", "http://127.0.0.1:9000/", true],
    ["http://127.0.0.1:9000", "http://2130706433:9000/", true],
    ["http://[::1]:9000", "http://[::1]:9000/", true],
    ["10.0.0.0/8", "https://10.1.2.3/", /does not list/],
    ["", "https://example.com/", /does not list/],
    ["example.com", "example.com", /not one absolute/],
    ["example.com", "ftp://example.com/", /not one absolute/],
    ["example.com", "https://", /not one absolute/],
    ["example.com", "https://example.com/a, https://example.com/b", /not one absolute/],
    ["example.com", "https://example.com/\u00e4", /not one absolute/],
    ["example.com", "https://example.com@evil.test/", /user name/],
    ["example.com", "https://:x@example.com/", /user name/],
    ["example.com", `https://example.com/${"a".repeat(2_048)}`, /2048/],
  ];
  for (const [list, url, expected] of cases) {
    await t.step(`${list}: ${url.slice(0, 60)}`, () => {
      if (expected === true) return void allowList(list).read(url);
      assert.throws(
        () => allowList(list).read(url),
        (error) => error instanceof CallbackUrlError && expected.test(error.message),
      );
    });
  }
});

Deno.test("a fragment is never sent", () => {
  assert.equal(allowList("a.test").read("https://a.test/x#y").href, "https://a.test/x");
});

Deno.test("an address that is not public is allowed if it is listed itself", async (t) => {
  const cases: [string, string, string, boolean][] = [
    ["a.test", "a.test", "1.1.1.1", true],
    ["a.test", "a.test", "2606:4700:4700::1111", true],
    ["a.test", "a.test", "127.0.0.1", false],
    ["a.test", "a.test", "10.0.0.1", false],
    ["a.test", "a.test", "169.254.169.254", false],
    ["a.test", "a.test", "::1", false],
    ["a.test", "a.test", "::ffff:127.0.0.1", false],
    ["a.test", "a.test", "fd00::1", false],
    ["a.test", "a.test", "fe80::1", false],
    ["a.test", "a.test", "224.0.0.1", false],
    ["a.test 10.0.0.0/8", "a.test", "10.0.0.1", true],
    ["a.test 10.0.0.0/8", "a.test", "11.0.0.1", true],
    ["a.test 10.0.0.0/8", "a.test", "192.168.0.1", false],
    ["a.test fd00::/8", "a.test", "fd00::1", true],
    ["http://localhost:1", "localhost", "127.0.0.1", true],
    ["http://localhost:1", "localhost", "::1", true],
    ["http://localhost:1 a.test", "a.test", "127.0.0.1", false],
    ["*.localhost", "a.localhost", "127.0.0.1", false],
    ["http://127.0.0.1:1", "127.0.0.1", "127.0.0.1", true],
    ["http://127.0.0.1:1 a.test", "a.test", "127.0.0.1", false],
    ["http://[::1]:1", "::1", "::1", true],
  ];
  for (const [list, hostname, address, expected] of cases) {
    await t.step(`${list}: ${hostname} at ${address}`, () => {
      assert.equal(allowList(list).admits(hostname, address), expected);
    });
  }
});
