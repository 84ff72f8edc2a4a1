import assert from "node:assert/strict";
import { parseAllowEntry } from "./allow_entry.ts";

Deno.test("entries are hosts and subnets, and nothing else", () => {
  const good = [
    "example.com",
    "Example.COM:8443",
    "*.example.com",
    "http://localhost:9000",
    "https://example.com",
    "xn--bcher-kva.example",
    "bücher.example",
    "10.1.2.3",
    "http://[::1]:9000",
    "10.0.0.0/8",
    "fd00::/8",
  ];
  for (const entry of good) assert.ok(parseAllowEntry(entry), entry);
  const bad = [
    "*",
    "*.",
    "*.10.1.2.3",
    "a.*.com",
    "example.com/hook",
    "https://example.com/",
    "ftp://example.com",
    "user@example.com",
    "example.com:99999",
    "::1",
    "10.0.0.0/33",
    "example.com/8",
    "a b",
    "-",
  ];
  for (const entry of bad) assert.equal(parseAllowEntry(entry), undefined, entry);
});
