import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parseSecret, signatureHeader } from "./signature.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const secretOf = (length: number) => `whsec_${Buffer.alloc(length, 7).toString("base64")}`;

Deno.test("a secret is whsec_ and 24 to 64 bytes in base64", () => {
  for (const length of [24, 25, 26, 32, 63, 64]) {
    assert.deepEqual(parseSecret(secretOf(length)), new Uint8Array(length).fill(7));
  }
  const good = secretOf(32);
  for (
    const bad of [
      "",
      "whsec_",
      secretOf(23),
      secretOf(65),
      good.slice(6),
      good.replace("whsec_", "WHSEC_"),
      good.replace(/=$/, ""),
      `${good} `,
      good.replace(/.$/, "-"),
    ]
  ) assert.equal(parseSecret(bad), undefined, bad);
});

Deno.test("a signature is the one that the libraries of Standard Webhooks make and verify", () => {
  const key = new Uint8Array(Buffer.from("plJ3nmyCDGBKInavdOK15jsl", "base64"));
  const body = bytes('{"event_type":"ping","data":{"success":true}}');
  assert.equal(
    signatureHeader([key], "msg_loFOjxBNrRLzqYUf", 1_731_705_121, body),
    "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
  );
});

Deno.test("each of several keys signs", () => {
  const keys = [parseSecret(secretOf(24)), parseSecret(secretOf(32))].filter((key) =>
    key !== undefined
  );
  const header = signatureHeader(keys, "id", 1, bytes("{}"));
  assert.deepEqual(
    header.split(" "),
    keys.map((key) => signatureHeader([key], "id", 1, bytes("{}"))),
  );
  assert.match(header, /^v1,\S{44} v1,\S{44}$/);
});
