import type { Callback } from "../../shared/message/callback.ts";
import { version } from "../../shared/version.ts";
import { payloadOf, webhookId } from "./payload.ts";
import { signatureHeader, type SigningKey } from "./signature.ts";

/** A callback as it is posted. */
export interface SignedCallback {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * A callback as it is posted, signed as Standard Webhooks says.
 * @param now epoch milliseconds: of this attempt, since receivers refuse what is old.
 */
export function signed(
  callback: Callback,
  keys: readonly SigningKey[],
  now: number,
): SignedCallback {
  const body = payloadOf(callback);
  const id = webhookId(callback);
  const timestamp = Math.floor(now / 1_000);
  return {
    url: callback.url,
    headers: {
      "content-type": "application/json",
      "user-agent": `ProxyMQ/${version}`,
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signatureHeader(keys, id, timestamp, body),
    },
    body,
  };
}
