import { Buffer } from "node:buffer";
import type { HeaderTable } from "../http/headers.ts";

/** A body as JSON text: a value of the body's own, or a string that holds it. */
export interface EncodedBody {
  /** Undefined where the body is empty. */
  readonly json: string | undefined;
  readonly as: "json" | "text" | "base64";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * An HTTP body as it stands in a JSON document: JSON as the JSON that it is, to the letter, so that
 * no number loses its digits; text as a string; anything else as base64. The content type says
 * which, and what is not what that says is base64.
 */
export function encodeBody(
  { headers, body }: { readonly headers: HeaderTable; readonly body: Uint8Array },
): EncodedBody {
  if (body.byteLength === 0) return { json: undefined, as: "text" };
  const kind = headers["content-encoding"] === undefined
    ? bodyKind(headers["content-type"])
    : "base64";
  if (kind !== "base64") {
    try {
      const text = utf8.decode(body);
      if (kind === "text") return { json: JSON.stringify(text), as: "text" };
      JSON.parse(text);
      return { json: text, as: "json" };
    } catch {
      // It is not what its content type says.
    }
  }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return { json: `"${bytes.toString("base64")}"`, as: "base64" };
}

const jsonType = /^\s*(application\/json|[\w.+-]+\/[\w.+-]+\+json)\s*(;|$)/i;
const textType =
  /^\s*(text\/[\w.+-]+|application\/(xml|javascript|x-www-form-urlencoded|[\w.+-]+\+xml))\s*(;|$)/i;
const otherCharset = /;\s*charset\s*=\s*(?!"?(utf-?8|us-ascii)"?\s*(;|$))/i;

/** What a content type says of a body. */
export function bodyKind(contentType: string | string[] | undefined): EncodedBody["as"] {
  if (typeof contentType !== "string" || otherCharset.test(contentType)) return "base64";
  if (jsonType.test(contentType)) return "json";
  return textType.test(contentType) ? "text" : "base64";
}
