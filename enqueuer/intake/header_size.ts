import type { HeaderTable } from "../../shared/http/headers.ts";
import { Problem } from "../../shared/http/problem.ts";

/** The most that path and headers may take together, bytes: with room to spare, one AMQP frame. */
export const maxHeaderBytes = 60_000;

/** @throws {Problem} `bad-request`, if path and headers of a request are over {@link maxHeaderBytes}. */
export function checkHeaderSize(path: string, headers: HeaderTable): void {
  let size = path.length;
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0) + 6;
  if (size > maxHeaderBytes) {
    throw new Problem("bad-request", {
      detail: `path and headers take about ${size} bytes; allowed are ${maxHeaderBytes} together`,
    });
  }
}
