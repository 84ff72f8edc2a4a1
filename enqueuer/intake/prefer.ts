import { Problem } from "../../shared/http/problem.ts";

/** The longest wait that a caller can ask for, seconds: a day. */
export const maxWaitSeconds = 86_400;

/** What a caller prefers (RFC 7240), as far as it means something here. */
export interface Preferences {
  /** `respond-async`: 202 rather than a long wait (section 4.1). */
  readonly respondAsync: boolean;
  /** `wait=N`: how long it waits, milliseconds (section 4.3). */
  readonly waitMs?: number;
}

const none: Preferences = { respondAsync: false };
const preference =
  /^[!#$%&'*+.^_`|~\w-]+\s*(?:=\s*(?:[!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*"))?(?:\s*;\s*(?:[!#$%&'*+.^_`|~\w-]+\s*(?:=\s*(?:[!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*"))?)?)*$/;

/**
 * Reads the `Prefer` header. Of a preference given more than once the first counts (section 2);
 * one that is not known is ignored.
 * @throws {Problem} `bad-request`, if it is not well-formed.
 */
export function parsePrefer(value: string | null): Preferences {
  if (value === null) return none;
  let respondAsync = false;
  let waitMs: number | undefined;
  for (const text of items(value)) {
    if (!preference.test(text)) {
      throw new Problem("bad-request", {
        detail: `the Prefer header holds ${JSON.stringify(text)}, which is no preference; ` +
          "allowed is e.g. respond-async, wait=10",
      });
    }
    if (/^respond-async\b(?!-)/i.test(text)) respondAsync = true;
    else if (/^wait\b(?!-)/i.test(text)) waitMs ??= parseWait(text);
  }
  return { respondAsync, ...(waitMs === undefined ? {} : { waitMs }) };
}

/**
 * A `Prefer` header without what is applied here, so that the microservice does not apply it once
 * more; undefined if nothing is left.
 */
export function passedOn(value: string): string | undefined {
  const others = items(value).filter((item) => !/^(?:respond-async|wait)\b(?!-)/i.test(item));
  return others.length === 0 ? undefined : others.join(", ");
}

function items(value: string): string[] {
  const found = value.match(/(?:"(?:[^"\\]|\\.)*"|[^",]|")+/g) ?? [];
  return found.map((item) => item.trim()).filter((item) => item !== "");
}

function parseWait(text: string): number {
  const [, wait] = /^wait\s*(?:=\s*"?([^";]*)"?)?/i.exec(text) ?? [];
  const seconds = wait !== undefined && /^\d{1,9}$/.test(wait.trim()) ? Number(wait) : Infinity;
  if (seconds <= maxWaitSeconds) return seconds * 1_000;
  throw new Problem("bad-request", {
    detail: `the Prefer header holds ${JSON.stringify(text)}; ` +
      `allowed is wait=N with N whole seconds from 0 to ${maxWaitSeconds}`,
  });
}
