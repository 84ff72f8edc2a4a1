import { type Filter, isEmpty, matches } from "./filter.ts";
import type { Found, Pass } from "./pass.ts";

/** Which dead letters something is done to. */
export interface Selection {
  readonly filter: Filter;
  /** What else is looked at. @default all that the filter means is meant */
  readonly meant?: (found: Found) => boolean;
  /** At most that many of them. @default Infinity */
  readonly limit?: number;
}

/**
 * The dead letters of a pass that are meant, a few at a time, each time no more than `most`. With
 * ids it ends when each of them was found.
 */
export async function* select(
  pass: Pass,
  { filter, meant: also = () => true, limit = Infinity }: Selection,
  most = Infinity,
): AsyncGenerator<readonly Found[], void> {
  const now = Date.now();
  const everything = isEmpty(filter);
  const missing = filter.ids && new Set(filter.ids);
  let left = limit;
  while (left > 0 && missing?.size !== 0) {
    const found = await pass.next(everything ? Math.min(most, left) : most);
    if (found.length === 0) return;
    const meant = found.filter((one) => matches(filter, one.letter, now) && also(one))
      .slice(0, left);
    left -= meant.length;
    for (const { letter } of meant) missing?.delete(letter.id);
    if (meant.length > 0) yield meant;
  }
}
