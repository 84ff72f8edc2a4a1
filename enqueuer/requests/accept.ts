import { setTimeout as delay } from "node:timers/promises";
import type { Broker } from "../../shared/broker/broker.ts";
import { encodeRequest, type QueuedRequest } from "../../shared/message/envelope.ts";
import type { NewRequest, RequestRecord, ResultStore } from "../../shared/results/result_store.ts";
import { requestQueue } from "../../shared/service_name.ts";
import type { KnownServices } from "../queues/known_services.ts";

/** What {@link acceptRequest} needs. */
export interface AcceptDeps {
  readonly broker: Broker;
  readonly results: ResultStore;
  readonly services: KnownServices;
}

/** How often a key is tried for whose request may not be in its queue, milliseconds. */
const tryAgainMs = 50;

/**
 * Takes a request for later: it is entered in the result store, and then stands in its queue. One
 * that does not get there is not known either. While another has its key that may not be in its
 * queue, because the enqueuer that entered it may have died, neither can be promised: that takes
 * until it is confirmed, or abandoned (`abandonedAfterMs`).
 * @param delayMs milliseconds until it is delivered.
 * @param onPublish told before it may be in its queue.
 * @returns undefined, or the record of the request that has its key.
 * @throws {BrokerError} it could not be entered or published.
 */
export async function acceptRequest(
  { broker, results, services }: AcceptDeps,
  entry: NewRequest,
  request: QueuedRequest,
  delayMs: number,
  onPublish?: () => void,
): Promise<RequestRecord | undefined> {
  const { id, service, deadline, claim } = entry;
  const taken = await enter(results, entry);
  if (taken) return taken;
  const now = Date.now();
  // A delay does not count for the time in the queue.
  const message = encodeRequest({
    ...request,
    tracked: true,
    ...(deadline === undefined ? {} : { deadline }),
  }, now + delayMs);
  onPublish?.();
  try {
    const to = { queue: requestQueue(service) };
    await broker.publish(to, [{ ...message, timestamp: now }], { delayMs });
  } catch (error) {
    await results.withdraw(id).catch(() => {});
    throw error;
  }
  services.published(service);
  if (claim) await results.confirm(id);
  return undefined;
}

/** @returns the record of the request that has its key for good, if one has. */
async function enter(results: ResultStore, entry: NewRequest): Promise<RequestRecord | undefined> {
  for (;;) {
    const entered = await results.enter(entry);
    if (entered.kind === "new") return undefined;
    const { record } = entered;
    const same = record.claim?.fingerprint === entry.claim?.fingerprint;
    if (record.confirmed || !same) return record;
    await delay(tryAgainMs);
  }
}
