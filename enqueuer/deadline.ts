import { Problem } from "../shared/http/problem.ts";

const maxWaitSeconds = 86_400;
const grpcUnitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};

/**
 * How long a caller waits, milliseconds: the least of `Prefer: wait=N` (RFC 7240 section 4.3) and
 * `grpc-timeout` (gRPC over HTTP2, Requests), or the default where there is neither.
 * @throws {Problem} `bad-request`, if one of the two is not well-formed.
 */
export function waitMs(headers: Headers, defaultMs: number): number {
  const prefer = headers.get("prefer");
  const grpcTimeout = headers.get("grpc-timeout");
  if (prefer === null && grpcTimeout === null) return defaultMs;
  const waits = [
    ...(prefer === null ? [] : preferredWaitMs(prefer)),
    ...(grpcTimeout === null ? [] : [grpcTimeoutMs(grpcTimeout)]),
  ];
  return waits.length === 0 ? defaultMs : Math.min(...waits);
}

const preference =
  /^[!#$%&'*+.^_`|~\w-]+\s*(?:=\s*(?:[!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*"))?(?:\s*;\s*(?:[!#$%&'*+.^_`|~\w-]+\s*(?:=\s*(?:[!#$%&'*+.^_`|~\w-]+|"(?:[^"\\]|\\.)*"))?)?)*$/;

function preferredWaitMs(value: string): number[] {
  const waits: number[] = [];
  for (const item of value.match(/(?:"(?:[^"\\]|\\.)*"|[^",]|")+/g) ?? []) {
    const text = item.trim();
    if (text === "") continue;
    if (!preference.test(text)) {
      throw new Problem("bad-request", {
        detail: `the Prefer header holds ${JSON.stringify(text)}, which is no preference; ` +
          "allowed is e.g. wait=10",
      });
    }
    const [, wait] = /^wait\s*(?:=\s*"?([^";]*)"?)?/i.exec(text) ?? [];
    if (!/^wait\b(?!-)/i.test(text)) continue;
    const seconds = wait !== undefined && /^\d{1,9}$/.test(wait.trim()) ? Number(wait) : Infinity;
    if (seconds > maxWaitSeconds) {
      throw new Problem("bad-request", {
        detail: `the Prefer header holds ${JSON.stringify(text)}; ` +
          `allowed is wait=N with N whole seconds from 0 to ${maxWaitSeconds}`,
      });
    }
    waits.push(seconds * 1_000);
  }
  // RFC 7240 section 2: of a preference given more than once, the first counts.
  return waits.slice(0, 1);
}

function grpcTimeoutMs(value: string): number {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  if (digits === undefined || unit === undefined) {
    throw new Problem("bad-request", {
      detail: `the grpc-timeout header is ${JSON.stringify(value)}; ` +
        "allowed are 1 to 8 digits and a unit of H M S m u n, e.g. 500m for 500 milliseconds",
    });
  }
  return Math.min(
    Math.ceil(Number(digits) * (grpcUnitMs[unit] ?? NaN)),
    maxWaitSeconds * 1_000,
  );
}
