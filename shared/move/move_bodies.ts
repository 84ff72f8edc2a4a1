import type { Broker } from "../broker/broker.ts";
import { BrokerError, BrokerUnavailableError } from "../broker/errors.ts";
import type { Found } from "../dead_letters/pass.ts";
import type { Acted } from "../dead_letters/work.ts";
import { silenceMs } from "../message/frame.ts";
import { readSpool } from "../spool/read_spool.ts";
import { SpoolBrokenError } from "../spool/spool_store.ts";
import { keepRequestBodyMs, type Spools } from "../spool/spools.ts";

/**
 * Copies the bodies that stand in spools to the target, under the same ids, so that their messages
 * can follow. They stay at the source as well, until their time there is over: two URLs may lead to
 * one broker.
 * @param to is called where there is such a body.
 * @param signal ends it; the body that is on its way is given up.
 * @returns those whose messages can follow, and why others cannot.
 */
export async function moveBodies(
  from: Broker,
  to: () => Spools,
  found: readonly Found[],
  signal: AbortSignal,
): Promise<{ readonly whole: readonly Found[] } & Omit<Acted, "done">> {
  const whole: Found[] = [];
  const failed: { id: string; error: string }[] = [];
  for (const one of found) {
    const { id, spooled } = one.letter;
    try {
      if (!spooled) throw new SpoolBrokenError("it does not say well in which spool it is");
      if (await moveBody(from, to(), spooled.spool, id, signal)) whole.push(one);
    } catch (error) {
      if (error instanceof BrokerUnavailableError) return { whole, failed, stop: error };
      if (!(error instanceof BrokerError || error instanceof SpoolBrokenError)) throw error;
      failed.push({ id, error: `its body, in the spool ${spooled?.spool}: ${error.message}` });
    }
    if (signal.aborted) break;
  }
  return { whole, failed };
}

/** @returns whether all of it is there. */
async function moveBody(
  from: Broker,
  to: Spools,
  spool: string,
  request: string,
  signal: AbortSignal,
): Promise<boolean> {
  const there = await to.store.look(spool, silenceMs);
  if (there === "ended") return true;
  // A move before this one was killed while it wrote it.
  if (there !== undefined) await to.store.delete(spool);
  const until = Date.now() + keepRequestBodyMs;
  const writer = await to.begin({ spool, body: "request", request, until });
  try {
    for await (const bytes of readSpool(from.spools(), spool, { signal })) {
      await writer.write(bytes);
    }
    // Then the reading ended as if the body did.
    if (!signal.aborted) await writer.finish();
  } finally {
    if (!writer.whole) await to.discard(writer);
  }
  return writer.whole;
}
