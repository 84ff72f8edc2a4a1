import type { Broker } from "../broker/broker.ts";
import { MessageTooLargeError } from "../broker/errors.ts";
import { requestQueue } from "../service_name.ts";
import type { Found } from "./pass.ts";
import { replayed } from "./replayed.ts";
import { type Acted, type Tally, work, type WorkOptions } from "./work.ts";

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
  return await work(broker, service, options, (found) => send(broker, queue, found));
}

/** Each by itself, so that it is known of each whether the broker has it. */
async function send(broker: Broker, queue: string, found: readonly Found[]): Promise<Acted> {
  const results = await Promise.allSettled(
    found.map(({ delivery }) => broker.publish({ queue }, [replayed(delivery.message)])),
  );
  const done: Found[] = [];
  const failed: { id: string; error: string }[] = [];
  let stop: unknown;
  for (const [index, result] of results.entries()) {
    const one = found[index];
    if (!one) continue;
    if (result.status === "fulfilled") done.push(one);
    else if (result.reason instanceof MessageTooLargeError) {
      failed.push({ id: one.letter.id, error: result.reason.message });
    } else stop ??= result.reason;
  }
  return { done, failed, ...(stop === undefined ? {} : { stop }) };
}
