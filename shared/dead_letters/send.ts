import type { Broker, Message } from "../broker/broker.ts";
import { MessageTooLargeError } from "../broker/errors.ts";
import type { Found } from "./pass.ts";
import type { Acted } from "./work.ts";

/**
 * Publishes what was found to another queue, each by itself, so that it is known of each whether the
 * broker has it.
 * @param toMessage what is published for a message.
 */
export async function send(
  broker: Broker,
  queue: string,
  found: readonly Found[],
  toMessage: (message: Message) => Message,
): Promise<Acted> {
  const results = await Promise.allSettled(
    found.map(({ delivery }) => broker.publish({ queue }, [toMessage(delivery.message)])),
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
