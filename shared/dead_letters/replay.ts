import type { Broker } from "../broker/broker.ts";
import { requestQueue } from "../service_name.ts";
import { replayed } from "./replayed.ts";
import { send } from "./send.ts";
import { type Tally, work, type WorkOptions } from "./work.ts";

/** What a replay can be told. */
export interface ReplayOptions extends WorkOptions {
  /** The service that gets the requests. @default the one they are dead letters of */
  readonly to?: string;
}

/**
 * Puts dead letters back into a service's request queue. Each is confirmed there before it is
 * removed: a crash in between doubles it and never loses it.
 * @throws {QueueNotFoundError} one of the two services has no queue.
 * @throws {UnfinishedError} it ended early for another reason than the signal.
 */
export async function replay(
  broker: Broker,
  service: string,
  options: ReplayOptions,
): Promise<Tally> {
  const queue = requestQueue(options.to ?? service);
  await broker.stats(queue);
  return await work(broker, service, options, (found) => send(broker, queue, found, replayed));
}
