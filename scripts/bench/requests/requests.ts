import { measureChanges } from "./changes.ts";
import { type BrokerName, openPlace } from "./place.ts";
import { measureRounds, type RoundsOptions } from "./rounds.ts";
import type { Measured } from "./table.ts";

/** What is measured. */
export interface RequestsOptions extends RoundsOptions {
  readonly brokers: readonly BrokerName[];
}

/** How many requests each change is made of. */
const changes = 5_000;

/** What a request costs whose state and response are kept, beside one whose caller waits. */
export async function benchRequests(options: RequestsOptions): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const broker of options.brokers) {
    await using place = await openPlace(broker, options);
    measured.push({
      broker,
      rounds: await measureRounds(place, options),
      changes: await measureChanges(place, changes),
    });
  }
  return measured;
}
