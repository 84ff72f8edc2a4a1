import type { Broker } from "../broker/broker.ts";
import type { DeadLetter } from "./dead_letter.ts";
import { Pass } from "./pass.ts";
import { select, type Selection } from "./select.ts";

/** Dead letters, and where they stand. */
export interface Listing {
  /** How many dead letters the service has. */
  readonly total: number;
  /** How many of them were looked at. */
  readonly lookedAt: number;
  readonly letters: readonly DeadLetter[];
}

/**
 * Reads dead letters, the oldest first, and leaves them where they are.
 * @throws {QueueNotFoundError} the service has no dead-letter queue.
 * @throws {BrokerUnavailableError} the broker cannot be reached.
 */
export async function browse(
  broker: Broker,
  service: string,
  { signal, ...selection }: Selection & { readonly signal: AbortSignal },
): Promise<Listing> {
  await using pass = await Pass.start(broker, service, { signal });
  const letters: DeadLetter[] = [];
  for await (const found of select(pass, selection)) {
    letters.push(...found.map(({ letter }) => letter));
  }
  // A queue's order changes when somebody looks and puts back.
  letters.sort((one, other) => (one.deadAt ?? 0) - (other.deadAt ?? 0));
  return { total: pass.total, lookedAt: pass.found, letters };
}

/** Reads the dead letter with an id, the oldest if there are several. */
export async function read(
  broker: Broker,
  service: string,
  id: string,
  signal: AbortSignal,
): Promise<DeadLetter | undefined> {
  const { letters } = await browse(broker, service, { filter: { ids: [id] }, limit: 1, signal });
  return letters[0];
}
