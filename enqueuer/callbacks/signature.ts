import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";

/** A key that callbacks are signed with. */
export type SigningKey = Uint8Array;

/** The form of a secret, in words. */
export const secretForm = "secrets of Standard Webhooks: whsec_ and 24 to 64 bytes in base64";

/** Reads a secret as Standard Webhooks writes it; undefined if it is none. */
export function parseSecret(text: string): SigningKey | undefined {
  const [, base64] = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/
    .exec(text) ?? [];
  const key = Buffer.from(base64 ?? "", "base64");
  return key.byteLength >= 24 && key.byteLength <= 64 ? new Uint8Array(key) : undefined;
}

/**
 * The value of `webhook-signature` (Standard Webhooks, symmetric): one for each key, so that a
 * receiver that knows any of them can verify it.
 * @param id the value of `webhook-id`. @param timestamp of `webhook-timestamp`, epoch seconds.
 */
export function signatureHeader(
  keys: readonly SigningKey[],
  id: string,
  timestamp: number,
  body: Uint8Array,
): string {
  return keys.map((key) => {
    const signature = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body);
    return `v1,${signature.digest("base64")}`;
  }).join(" ");
}
