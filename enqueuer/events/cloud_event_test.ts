import assert from "node:assert/strict";
import { binaryFaults, isBinary, structuredFaults } from "./cloud_event.ts";

const good = { specversion: "1.0", id: "1", source: "/orders", type: "order.paid" };

Deno.test("a CloudEvent in structured mode is good, or it is said what is wrong", async (t) => {
  const cases: readonly [name: string, event: unknown, ...faults: RegExp[]][] = [
    ["the least", good],
    ["all", {
      ...good,
      subject: "7",
      time: "2026-11-22T12:00:00.5+01:00",
      datacontenttype: "application/json; charset=utf-8",
      dataschema: "urn:schema:order",
      data: [1],
      tenant: "a",
      sampled: true,
      sequence: -7,
      traceparent: null,
    }],
    ["bytes", { ...good, data_base64: "AP8=" }],
    ["a leap second", { ...good, time: "2026-12-31t23:59:60z" }],
    ["no object", [good], /no JSON object/],
    ["null", null, /no JSON object/],
    ["nothing", {}, /"id" is missing/, /"source" is miss/, /"specversion" is/, /"type" is miss/],
    ["null for an id", { ...good, id: null }, /"id" is missing/],
    ["an empty id", { ...good, id: "" }, /"id" is "", allowed is a text that is not empty/],
    ["a number for an id", { ...good, id: 1 }, /^"id" is 1, allowed is a text$/],
    ["another version", { ...good, specversion: "0.3" }, /"specversion" is "0.3", allowed is 1.0/],
    ["a source that is no URI", { ...good, source: "a b" }, /"source" is "a b"/],
    ["a time that is none", { ...good, time: "yesterday" }, /"time".*RFC 3339/],
    ["a day that is none", { ...good, time: "2026-13-01T00:00:00Z" }, /"time"/],
    ["a relative schema", { ...good, dataschema: "/schema" }, /"dataschema"/],
    ["a type of data that is none", { ...good, datacontenttype: "json" }, /"datacontenttype"/],
    ["an attribute in capitals", { ...good, orderId: "7" }, /"orderId" is no attribute's name/],
    ["an attribute with parts", { ...good, order: { id: 7 } }, /"order" is \{"id":7\}/],
    ["bytes that are none", { ...good, data_base64: "?" }, /"data_base64"/],
    ["data twice", { ...good, data: 1, data_base64: "" }, /both/],
  ];
  for (const [name, event, ...faults] of cases) {
    await t.step(name, () => {
      const found = structuredFaults(event);
      assert.equal(found.length, faults.length, found.join("; "));
      faults.forEach((fault, at) => assert.match(found[at] ?? "", fault));
    });
  }
});

Deno.test("a CloudEvent in binary mode is good, or it is said what is wrong", () => {
  const headers = (more: Record<string, string> = {}) =>
    new Headers({
      "ce-specversion": "1.0",
      "ce-id": "1",
      "ce-source": "/orders",
      "ce-type": "order.paid",
      ...more,
    });
  assert.equal(isBinary(headers()), true);
  assert.equal(isBinary(new Headers({ "ce-type": "a" })), true);
  assert.equal(isBinary(new Headers({ "content-type": "text/plain" })), false);
  assert.deepEqual(binaryFaults(headers({ "ce-subject": "caf%C3%A9", "x-other": "" })), []);
  // By the specification "%" is encoded once more in a header; many publishers leave that out.
  for (const source of ["/a%20b", "/a%2520b", "%2Fa", "https://example.com/%C3%A9?q=1"]) {
    assert.deepEqual(binaryFaults(headers({ "ce-source": source })), []);
  }
  assert.match(binaryFaults(headers({ "ce-source": "/100%" })).join(), /ce-source is "\/100%"/);
  assert.deepEqual(binaryFaults(new Headers({ "ce-type": "a", "ce-specversion": "1.0" })), [
    "the header ce-id is missing",
    "the header ce-source is missing",
  ]);
  assert.match(binaryFaults(headers({ "ce-time": "now" })).join(), /^the header ce-time is "now"/);
  assert.match(binaryFaults(headers({ "ce-a_b": "1" })).join(), /ce-a_b is no attribute's name/);
  assert.match(binaryFaults(headers({ "ce-datacontenttype": "a/b" })).join(), /content-type here/);
});
