import type { RequestRecord } from "../../shared/results/result_store.ts";
import { readyResponse } from "../../shared/http/server/ready_response.ts";
import { requestPath, toRequestDocument } from "./request_document.ts";

const encoder = new TextEncoder();

/** 202, with where the state and the response of the request are (RFC 9110 section 15.3.3). */
export function accepted(record: RequestRecord, respondAsync: boolean): Response {
  const headers = {
    "content-type": "application/json",
    location: requestPath(record.id),
    "proxymq-request-id": record.id,
    "cache-control": "no-store",
    ...(respondAsync ? { "preference-applied": "respond-async" } : {}),
  };
  return readyResponse(202, headers, encoder.encode(JSON.stringify(toRequestDocument(record))));
}
