import type { Broker } from "../shared/broker/broker.ts";
import { logger } from "../shared/log.ts";
import { type Cancel, encodeCancel } from "../shared/message/cancel.ts";
import { cancelBroadcast } from "../shared/service_name.ts";
import type { EnqueuerMetrics } from "./metrics.ts";

const log = logger("proxy");

/** What {@link cancelRequest} needs. */
export interface CancelDeps {
  readonly broker: Broker;
  readonly metrics: EnqueuerMetrics;
}

/** Tells a service's dequeuers that nobody wants a request's response any more. Never rejects. */
export function cancelRequest(
  { broker, metrics }: CancelDeps,
  service: string,
  cancel: Cancel,
): Promise<void> {
  if (cancel.reason === "disconnect") metrics.disconnected(service);
  return broadcastCancel(broker, service, cancel);
}

/** The same of a request whose caller is not to be counted as one that hung up. */
export async function broadcastCancel(
  broker: Broker,
  service: string,
  cancel: Cancel,
): Promise<void> {
  const to = { broadcast: cancelBroadcast(service) };
  await broker.publish(to, [encodeCancel(cancel)], { confirm: false }).catch((error) => {
    log.debug("request {requestId} could not be cancelled: {error}", {
      requestId: cancel.id,
      error,
    });
  });
}
