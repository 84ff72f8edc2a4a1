import { finalStates } from "../result_store.ts";
import { decodeEntry } from "./entry.ts";
import { type Indexed, RecordIndex } from "./record_index.ts";
import type { LogEntry } from "./result_log.ts";

/** Reads a part of a log for one request, until it has ended. */
export async function findInLog(
  entries: AsyncIterable<LogEntry>,
  id: string,
  ttlMs: number,
): Promise<Indexed | undefined> {
  const index = new RecordIndex(ttlMs, 1);
  for await (const { message, offset } of entries) {
    if (message.correlationId !== id) continue;
    const found = index.apply(decodeEntry(message), offset);
    if (found && finalStates.has(found.record.state)) break;
  }
  return index.get(id, Date.now());
}
