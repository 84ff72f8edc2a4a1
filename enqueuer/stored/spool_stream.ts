import type { Spools } from "../../shared/spool/spools.ts";

/**
 * What a caller reads of a spool: nothing is read before it is asked for, and a body that is not whole
 * ends as an error.
 * @param length how many bytes at most.
 */
export function spoolStream(
  spools: Spools,
  spool: string,
  from = 0,
  length = Infinity,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const stop = new AbortController();
  const pieces = spools.read(spool, from, stop.signal);
  let left = length;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) return controller.close();
      controller.enqueue(value.subarray(0, left) as Uint8Array<ArrayBuffer>);
      left -= value.byteLength;
      if (left > 0) return;
      stop.abort();
      await pieces.return(undefined);
      controller.close();
    },
    async cancel() {
      stop.abort();
      await pieces.return(undefined);
    },
  }, { highWaterMark: 0 });
}
