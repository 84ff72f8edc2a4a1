import { v7 } from "uuid";

/** A new request's id: a UUIDv7 (RFC 9562 section 5.7), so that ids sort by their time. */
export function newRequestId(): string {
  return v7();
}

/** When a request's id was made, epoch milliseconds; undefined if it is no UUIDv7. */
export function requestIdTime(id: string): number | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7/i.test(id)) return undefined;
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
