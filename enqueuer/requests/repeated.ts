import { Problem } from "../../shared/http/problem.ts";
import {
  finalStates,
  type IdempotencyClaim,
  type RequestRecord,
  type ResultStore,
} from "../../shared/results/result_store.ts";
import type { Spools } from "../../shared/spool/spools.ts";
import { accepted } from "./accepted_response.ts";
import type { Order } from "../intake/order.ts";
import { asOf, requestPath } from "./request_document.ts";
import { wholeResponse } from "../stored/stored_response.ts";

/** Seconds after which it makes sense to ask for a request again that is still running. */
const retryAfterSeconds = 1;

/**
 * Answers a request whose `Idempotency-Key` another one has: with that one's response, or where it
 * will be; it is not run again.
 * @throws {Problem} `key-reused` if the two differ, `key-in-use` while the other one runs.
 */
export async function repeatedWay(
  { results, spools }: { readonly results: ResultStore; readonly spools: Spools },
  order: Order,
  claim: IdempotencyClaim | undefined,
  taken: RequestRecord,
): Promise<Response> {
  if (taken.claim?.fingerprint !== claim?.fingerprint) {
    throw new Problem("key-reused", {
      detail: "the Idempotency-Key was used for a request with another method, path or body; " +
        "allowed is the same request again, or a new key",
    });
  }
  const record = await latest(results, order, taken);
  if (!isAnswered(record)) {
    if (order.later) return accepted(record, order.respondAsync);
    throw new Problem("key-in-use", {
      detail: `the request with this Idempotency-Key is ${record.state}; its state is at ` +
        requestPath(record.id),
      retryAfter: retryAfterSeconds,
    });
  }
  if (order.respondAsync && order.waitMs === 0) return accepted(record, true);
  const response = await results.response(record.id);
  if (response) return wholeResponse(spools, response);
  throw new Problem("request-cancelled", {
    detail: `the request with this Idempotency-Key is ${record.state}, without a response`,
  });
}

/** Whether there is all that will be, or a response that is still being made. */
function isAnswered({ state, status }: RequestRecord): boolean {
  return finalStates.has(state) || status !== undefined;
}

/** Its record, once it is answered, or the caller does not wait any longer. */
async function latest(
  results: ResultStore,
  { later, waitMs }: Order,
  taken: RequestRecord,
): Promise<RequestRecord> {
  let record = taken;
  if (later && waitMs > 0) {
    for await (const next of results.watch(taken.id, AbortSignal.timeout(waitMs))) {
      record = next;
      if (isAnswered(record)) break;
    }
  }
  return asOf(record, Date.now());
}
