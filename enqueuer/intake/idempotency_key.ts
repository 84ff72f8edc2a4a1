import { createHash } from "node:crypto";
import { Problem } from "../../shared/http/problem.ts";
import type { IdempotencyClaim } from "../../shared/results/result_store.ts";

/** A structured-field string (RFC 8941 section 3.3.3), or the bare key that many clients send. */
const form = /^(?:"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"|([\x21\x23-\x7e]{1,255}))$/;

/**
 * Reads the `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header-07).
 * @throws {Problem} `bad-request`, if it is not well-formed.
 */
export function parseIdempotencyKey(value: string | null): string | undefined {
  if (value === null) return undefined;
  const [, quoted, bare] = form.exec(value.trim()) ?? [];
  const key = quoted?.replace(/\\(["\\])/g, "$1") ?? bare;
  if (key !== undefined) return key;
  throw new Problem("bad-request", {
    detail: `the Idempotency-Key header is ${JSON.stringify(value)}; allowed is a string of 1 to ` +
      '255 visible characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"',
  });
}

/** What a key is for: nobody else's request, and no other, gets its answer. */
export interface Claimed {
  readonly key: string;
  readonly service: string;
  /** What the caller shows that it may call, if anything. */
  readonly credentials: string | null;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
}

/** A caller's key as the claim that is entered: digests, so that no credentials are stored. */
export function claimOf(claimed: Claimed): IdempotencyClaim {
  const { key, service, credentials, method, path, body } = claimed;
  return {
    key: digest(service, credentials ?? "", key),
    fingerprint: digest(method, path, body),
  };
}

function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("base64url");
}
