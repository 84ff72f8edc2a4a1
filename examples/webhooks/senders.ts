import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { Webhook, WebhookVerificationError } from "standardwebhooks";

/** Those who send webhooks, each with a way of its own to sign them. */
export interface Sender {
  /** @returns the webhook's id; or why it is not known to be from this sender. */
  verify(headers: Headers, body: Uint8Array): { readonly id: string } | { readonly fault: string };
  /** Headers that whoever processes a webhook needs to know. */
  readonly passes: readonly string[];
}

/**
 * A sender that follows Standard Webhooks (https://www.standardwebhooks.com), as ProxyMQ's own callbacks
 * do. A webhook that is older than five minutes is refused, so that nobody can send it again.
 * @param secret `whsec_...`
 */
export function standardSender(secret: string): Sender {
  const webhook = new Webhook(secret);
  return {
    passes: ["webhook-id", "webhook-timestamp"],
    verify(headers, body) {
      try {
        const payload = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
        webhook.verify(payload, Object.fromEntries(headers), { jsonParse: false });
      } catch (error) {
        if (error instanceof WebhookVerificationError) return { fault: error.message };
        throw error;
      }
      return { id: headers.get("webhook-id") ?? "" };
    },
  };
}

const form = /^sha256=([0-9a-f]{64})$/;

/** A sender that signs as GitHub does, by `X-Hub-Signature-256`. */
export function githubSender(secret: string): Sender {
  return {
    passes: ["x-github-delivery", "x-github-event"],
    verify(headers, body) {
      const [, given] = form.exec(headers.get("x-hub-signature-256") ?? "") ?? [];
      if (given === undefined) {
        return {
          fault: "the header X-Hub-Signature-256 is missing, or not sha256= and 64 hex digits",
        };
      }
      const expected = createHmac("sha256", secret).update(body).digest();
      if (!timingSafeEqual(Buffer.from(given, "hex"), expected)) {
        return { fault: "the signature is of another body, or by another secret" };
      }
      const id = headers.get("x-github-delivery");
      return id ? { id } : { fault: "the header X-GitHub-Delivery is missing" };
    },
  };
}
