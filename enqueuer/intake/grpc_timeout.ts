import { Problem } from "../../shared/http/problem.ts";
import { maxWaitSeconds } from "./prefer.ts";

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};

/**
 * The time that a `grpc-timeout` header leaves (gRPC over HTTP2, Requests), milliseconds, at most a
 * day; undefined without one.
 * @throws {Problem} `bad-request`, if it is not well-formed.
 */
export function grpcTimeoutMs(value: string | null): number | undefined {
  if (value === null) return undefined;
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  if (digits === undefined || unit === undefined) {
    throw new Problem("bad-request", {
      detail: `the grpc-timeout header is ${JSON.stringify(value)}; ` +
        "allowed are 1 to 8 digits and a unit of H M S m u n, e.g. 500m for 500 milliseconds",
    });
  }
  return Math.min(Math.ceil(Number(digits) * (unitMs[unit] ?? NaN)), maxWaitSeconds * 1_000);
}
