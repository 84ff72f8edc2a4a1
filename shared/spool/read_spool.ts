import { silenceMs as usualSilenceMs } from "../message/frame.ts";
import { SpoolBrokenError, SpoolSilentError, type SpoolStore } from "./spool_store.ts";

/** How often is looked whether anything has come, milliseconds. */
const lookEveryMs = 1_000;

/** How a spool is read. */
export interface ReadOptions {
  /** The first byte that is wanted. @default 0 */
  readonly from?: number;
  /** Ends the reading, as if the body ended there. */
  readonly signal: AbortSignal;
  /** For how long nothing may come, milliseconds. @default 10,000 */
  readonly silenceMs?: number;
}

/**
 * The bytes of a spool from one on, to the end of the body: none is left out and none comes twice.
 * While the body is still being written, it follows.
 *
 * @throws {SpoolNotFoundError} there is no such spool, or it was deleted meanwhile.
 * @throws {SpoolSilentError} nothing came for too long.
 * @throws {SpoolBrokenError} a piece is missing, or its writer could not end it well.
 */
export async function* readSpool(
  store: SpoolStore,
  id: string,
  { from = 0, signal, silenceMs = usualSilenceMs }: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const silence = new AbortController();
  let waitingSince: number | undefined;
  const timer = setInterval(() => {
    const waited = waitingSince === undefined ? 0 : performance.now() - waitingSince;
    if (waited >= silenceMs) silence.abort();
  }, Math.min(lookEveryMs, silenceMs));
  const pieces = store.read(id, from, AbortSignal.any([signal, silence.signal]))
    [Symbol.asyncIterator]();
  let expected: { readonly seq: number; readonly at: number } | undefined;
  try {
    for (;;) {
      waitingSince = performance.now();
      const { done, value: piece } = await pieces.next();
      waitingSince = undefined;
      if (done) {
        if (signal.aborted) return;
        throw silence.signal.aborted
          ? new SpoolSilentError(
            `nothing came for ${silenceMs} ms: its writer is gone, or the broker`,
          )
          : new SpoolBrokenError("it ends before its last piece");
      }
      const { seq, at, body, last, error } = piece;
      if (!expected && at > from) throw new SpoolBrokenError("its beginning is gone");
      expected ??= { seq, at };
      if (seq < expected.seq) continue;
      if (seq > expected.seq || at !== expected.at) {
        throw new SpoolBrokenError(`piece ${expected.seq} of it is missing`);
      }
      expected = { seq: seq + 1, at: at + body.byteLength };
      const wanted = at >= from ? body : body.subarray(Math.min(body.byteLength, from - at));
      if (wanted.byteLength > 0) yield wanted;
      if (error !== undefined) throw new SpoolBrokenError(error);
      if (last) return;
    }
  } finally {
    clearInterval(timer);
    silence.abort();
    await pieces.return?.();
  }
}
