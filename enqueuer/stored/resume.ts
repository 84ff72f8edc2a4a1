import type { QueuedResponse } from "../../shared/message/envelope.ts";
import type { Spools } from "../../shared/spool/spools.ts";
import { EventScanner } from "./event_scanner.ts";

/**
 * For how long nothing may come of a stream that is still being made, milliseconds: what its client has
 * seen is all there by then.
 */
const idleMs = 1_000;

/**
 * Where an event stream goes on for a client that has seen an event.
 * @returns 0 if that event is not in it.
 */
export async function resumeAt(
  spools: Spools,
  { body, spooled }: QueuedResponse,
  lastEventId: string,
): Promise<number> {
  const scanner = new EventScanner(lastEventId);
  if (!spooled) scanner.push(body);
  else await scan(spools, spooled.spool, scanner, spooled.size !== undefined);
  return scanner.end ?? 0;
}

async function scan(
  spools: Spools,
  spool: string,
  scanner: EventScanner,
  whole: boolean,
): Promise<void> {
  const stop = new AbortController();
  const idle = () => setTimeout(() => stop.abort(), idleMs);
  let timer = whole ? undefined : idle();
  try {
    for await (const bytes of spools.read(spool, 0, stop.signal)) {
      if (scanner.push(bytes)) return;
      clearTimeout(timer);
      if (!whole) timer = idle();
    }
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}
