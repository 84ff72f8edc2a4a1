import type { Callback } from "../../shared/message/callback.ts";
import { encodeBody } from "../../shared/message/encoded_body.ts";

/**
 * What a receiver gets: JSON in the form of Standard Webhooks, in UTF-8. The response's body is in
 * it as JSON, as text, or in base64, whatever it is.
 */
export function payloadOf({ id, service, state, at, response }: Callback): Uint8Array {
  const data = JSON.stringify({ id, service, state });
  const document =
    `{"type":"request.${state}","timestamp":"${new Date(at).toISOString()}","data":` +
    (response ? `${data.slice(0, -1)},${responseMembers(response)}}` : data) + "}";
  return new TextEncoder().encode(document);
}

/** Written by hand, so that a body that is JSON stands in it to the letter. */
function responseMembers(response: NonNullable<Callback["response"]>): string {
  const { status, headers } = response;
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
