import type { RequestRecord } from "../../shared/results/result_store.ts";
import { requestPath, toRequestDocument } from "./request_document.ts";

/** 202, with where the state and the response of the request are (RFC 9110 section 15.3.3). */
export function accepted(record: RequestRecord, respondAsync: boolean): Response {
  return Response.json(toRequestDocument(record), {
    status: 202,
    headers: {
      location: requestPath(record.id),
      "proxymq-request-id": record.id,
      "cache-control": "no-store",
      ...(respondAsync ? { "preference-applied": "respond-async" } : {}),
    },
  });
}
