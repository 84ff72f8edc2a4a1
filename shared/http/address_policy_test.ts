import { deepEqual, equal, throws } from "node:assert/strict";
import { addressPolicy, isPublicAddress } from "./address_policy.ts";

const refused = [
  "0.0.0.0",
  "10.0.0.1",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.8",
  "192.0.2.1",
  "192.168.1.1",
  "198.18.0.1",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "64:ff9b::7f00:1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::1",
  "3fff::1",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "fec0::1",
  "ff02::1",
  "localhost",
  "",
];

const admitted = [
  "1.1.1.1",
  "100.63.255.255",
  "100.128.0.1",
  "172.15.255.255",
  "172.32.0.1",
  "198.17.255.255",
  "223.255.255.255",
  "2001:4860:4860::8888",
  "2606:4700:4700::1111",
];

Deno.test("only addresses of the public internet are public", () => {
  deepEqual(refused.filter(isPublicAddress), []);
  deepEqual(admitted.filter(isPublicAddress), admitted);
});

Deno.test("an address policy admits what it is told to, and no more", async (t) => {
  const cases: [string, readonly string[], string, string, boolean][] = [
    ["nothing", [], "localhost", "127.0.0.1", false],
    ["a public address", [], "example.com", "1.1.1.1", true],
    ["a host name", ["localhost"], "localhost", "127.0.0.1", true],
    [
      "a host name in another case, written with its final dot",
      ["LocalHost"],
      "localhost.",
      "::1",
      true,
    ],
    ["another host name with the same address", ["localhost"], "evil.test", "127.0.0.1", false],
    ["an address", ["127.0.0.1"], "any.test", "127.0.0.1", true],
    ["its neighbour", ["127.0.0.1"], "any.test", "127.0.0.2", false],
    ["the same address in IPv6", ["127.0.0.1"], "any.test", "::ffff:127.0.0.2", false],
    ["a subnet", ["10.1.0.0/16"], "any.test", "10.1.2.3", true],
    ["outside of the subnet", ["10.1.0.0/16"], "any.test", "10.2.2.3", false],
    ["an IPv6 subnet", ["fd00::/8"], "any.test", "fd12::1", true],
    ["an IPv6 address", ["::1"], "any.test", "::1", true],
  ];
  for (const [name, allow, hostname, address, expected] of cases) {
    await t.step(name, () => equal(addressPolicy(allow).admits(hostname, address), expected));
  }
  await t.step("everything", () => equal(addressPolicy(true).admits("x", "127.0.0.1"), true));
});

Deno.test("an entry that is no host name, address or subnet is refused by name", () => {
  for (const entry of ["10.0.0.0/33", "10.0.0.0/x", "::1/129", "http://localhost", "a b", "-"]) {
    throws(() => addressPolicy([entry]), (error: TypeError) => error.message.includes(entry));
  }
});
