import { createHash } from "node:crypto";
import { BrokerUnavailableError } from "../../shared/broker/errors.ts";
import type { SpooledBody } from "../../shared/message/envelope.ts";
import type { SpoolNote } from "../../shared/message/spool_note.ts";
import type { Spools } from "../../shared/spool/spools.ts";
import { brokenOff, tooLarge } from "./body.ts";

/** A body that was spooled. */
export interface Spooled extends SpooledBody {
  /** Of all of it. */
  readonly digest: Uint8Array;
}

/**
 * Writes what is left of a body into a spool as it comes, no faster than the broker takes it, and
 * resolves when it is durable. Of one that does not get there nothing stays.
 * @param before what was read of it already.
 * @throws {Problem} `body-too-large` once it is over `maxBytes`; `bad-request` when it breaks off.
 * @throws {BrokerError} the broker does not take it.
 */
export async function spoolBody(
  spools: Spools,
  note: SpoolNote,
  { before, rest, maxBytes }: {
    readonly before: readonly Uint8Array[];
    readonly rest: ReadableStreamDefaultReader<Uint8Array>;
    readonly maxBytes: number;
  },
): Promise<Spooled> {
  const { stopping } = spools;
  const stop = () => void rest.cancel().catch(() => {});
  const writer = await spools.begin(note);
  stopping.addEventListener("abort", stop, { once: true });
  try {
    const hash = createHash("sha256");
    const write = async (bytes: Uint8Array) => {
      if (writer.size + bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
      hash.update(bytes);
      await writer.write(bytes);
    };
    for (const bytes of before) await write(bytes);
    for (;;) {
      const { done, value } = await rest.read().catch(() => {
        throw brokenOff();
      });
      if (stopping.aborted) throw new BrokerUnavailableError("the enqueuer is shutting down");
      if (done) break;
      await write(value);
    }
    await writer.finish();
    return { spool: note.spool, size: writer.size, digest: hash.digest() };
  } catch (error) {
    await spools.discard(writer);
    throw error;
  } finally {
    stopping.removeEventListener("abort", stop);
  }
}
