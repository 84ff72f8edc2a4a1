import { Buffer } from "node:buffer";
import { Problem } from "../../shared/http/problem.ts";
import type { Spooled } from "./spool_body.ts";

const empty = new Uint8Array(0);

/** What a body may be. */
export interface BodyLimits {
  /** The largest that is taken, bytes. */
  readonly maxBytes: number;
  /** The largest that is collected, bytes; what is larger is given to `spool`. */
  readonly collectBytes: number;
  /** Takes a body that is too large to be collected, with what was read of it. */
  spool(
    before: readonly Uint8Array[],
    rest: ReadableStreamDefaultReader<Uint8Array>,
  ): Promise<Spooled>;
}

/**
 * Reads a request's body: whole, or into a spool if it is large, which a length tells beforehand.
 * @throws {Problem} `body-too-large`, before reading on, when it is over `maxBytes`;
 * `bad-request`, when it breaks off.
 */
export async function readBody(
  request: Request,
  { maxBytes, collectBytes, spool }: BodyLimits,
): Promise<Uint8Array | Spooled> {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes);
  if (length !== null && Number(length) <= collectBytes) {
    if (Number(length) === 0) return empty;
    try {
      return await request.bytes();
    } catch {
      throw brokenOff();
    }
  }
  if (request.body === null) return empty;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body.getReader();
  try {
    while (length === null && size <= collectBytes) {
      const { done, value } = await reader.read().catch(() => {
        throw brokenOff();
      });
      if (done) return joined(chunks, size);
      size += value.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(value);
    }
    return await spool(chunks, reader);
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  }
}

/**
 * Reads a request's body whole, whatever its size.
 * @throws {Problem} as {@link readBody} does.
 */
export async function readWhole(request: Request, maxBytes: number): Promise<Uint8Array> {
  const spool = () => Promise.reject(tooLarge(maxBytes));
  const body = await readBody(request, { maxBytes, collectBytes: maxBytes, spool });
  return body instanceof Uint8Array ? body : empty;
}

/** The problem of a body over the limit. */
export function tooLarge(maxBytes: number): Problem {
  return new Problem("body-too-large", {
    detail: `the request's body is over ${maxBytes} bytes, the largest that is taken here`,
  });
}

/** The problem of a body whose sender has gone. */
export function brokenOff(): Problem {
  return new Problem("bad-request", { detail: "the request's body broke off before its end" });
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, size);
}
