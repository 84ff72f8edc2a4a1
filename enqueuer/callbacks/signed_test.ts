import assert from "node:assert/strict";
import { signatureHeader } from "./signature.ts";
import { signed } from "./signed.ts";

Deno.test("a callback is posted with the headers of Standard Webhooks", () => {
  const keys = [new Uint8Array(24), new Uint8Array(32)];
  const { url, headers, body } = signed(
    {
      id: "id",
      url: "https://example.com/",
      service: "orders",
      state: "cancelled",
      at: 0,
      run: 1,
    },
    keys,
    1_763_800_000_999,
  );
  assert.equal(url, "https://example.com/");
  const { "user-agent": agent, ...rest } = headers;
  assert.match(agent ?? "", /^ProxyMQ\/\d+\.\d+\.\d+/);
  assert.deepEqual(rest, {
    "content-type": "application/json",
    "webhook-id": "id_1",
    "webhook-timestamp": "1763800000",
    "webhook-signature": signatureHeader(keys, "id_1", 1_763_800_000, body),
  });
});
