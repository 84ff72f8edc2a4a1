import type { Callback } from "../../shared/message/callback.ts";
import { requestPath } from "../requests/request_document.ts";
import { encodeBody } from "../../shared/message/encoded_body.ts";

/**
 * What a receiver gets: JSON in the form of Standard Webhooks, in UTF-8. The response's body is in
 * it as JSON, as text, or in base64, whatever it is; of one that is too large, where it is.
 */
export function payloadOf({ id, service, state, at, response }: Callback): Uint8Array {
  const data = JSON.stringify({ id, service, state });
  const document =
    `{"type":"request.${state}","timestamp":"${new Date(at).toISOString()}","data":` +
    (response ? `${data.slice(0, -1)},${responseMembers(id, response)}}` : data) + "}";
  return new TextEncoder().encode(document);
}

/** Written by hand, so that a body that is JSON stands in it to the letter. */
function responseMembers(id: string, response: NonNullable<Callback["response"]>): string {
  const { status, headers, spooled } = response;
  if (spooled) {
    const { size } = spooled;
    const links = { response: `${requestPath(id)}/response` };
    return JSON.stringify({ status, headers, size, links }).slice(1, -1);
  }
  const { json, as } = encodeBody(response);
  return `"status":${status},"headers":${JSON.stringify(headers)}` +
    (json === undefined ? "" : `,"body":${json}`) +
    (as === "base64" ? ',"encoding":"base64"' : "");
}

/**
 * The id of a callback, by which a receiver knows it again when it comes twice: the request's, and
 * another one for each replay, which ends anew.
 */
export function webhookId({ id, run }: Pick<Callback, "id" | "run">): string {
  return run === 0 ? id : `${id}_${run}`;
}
