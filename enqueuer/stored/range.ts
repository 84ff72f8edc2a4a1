import type { HeaderTable } from "../../shared/http/headers.ts";

/** A part of a body: its first byte, and the one behind its last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const one = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i;

/**
 * The part of a body that a `Range` header asks for (RFC 9110 section 14.1.2).
 * @param size of the body, bytes.
 * @returns undefined where the whole body is the answer: no range, one that is not well-formed, of
 * another unit, or several at once, which nobody has to serve (section 14.2); `unsatisfiable` for one
 * with nothing in it.
 */
export function rangeOf(header: string | null, size: number): Range | "unsatisfiable" | undefined {
  const [, first, last] = one.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || size === 0) return undefined;
  if (first === "") {
    if (last === "") return undefined;
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { from: size - length, to: size };
  }
  const from = Number(first);
  if (last !== "" && Number(last) < from) return undefined;
  if (from >= size) return "unsatisfiable";
  return { from, to: last === "" ? size : Math.min(Number(last) + 1, size) };
}

/**
 * Whether an `If-Range` header lets a range be served (RFC 9110 section 13.1.5): there is none, or it is
 * the response's own validator, a strong one.
 */
export function rangeHolds(ifRange: string | null, headers: HeaderTable): boolean {
  if (ifRange === null) return true;
  const validator = ifRange.trim();
  if (validator.startsWith('"')) return validator === headers["etag"];
  return !validator.startsWith("W/") && validator === headers["last-modified"];
}
