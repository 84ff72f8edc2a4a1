import { newRequestId } from "../../message/request_id.ts";
import { finalStates } from "../result_store.ts";
import { decodeEntry, encodeEntry } from "./entry.ts";
import { type Indexed, RecordIndex } from "./record_index.ts";
import type { ResultLog } from "./result_log.ts";

/**
 * Reads a log for one request, from a time on, until it has ended or the log's end is reached.
 * @param options `since` is epoch milliseconds.
 */
export async function findInLog(
  log: ResultLog,
  id: string,
  options: { readonly since: number; readonly ttlMs: number; readonly signal: AbortSignal },
): Promise<Indexed | undefined> {
  const end = newRequestId();
  await log.append(encodeEntry({ kind: "mark", id: end, at: Date.now() }), true);
  const index = new RecordIndex(options.ttlMs, 1);
  let found: Indexed | undefined;
  for await (const { message, offset } of log.tail(options.since, options.signal)) {
    if (message.correlationId === end) break;
    if (message.correlationId !== id) continue;
    found = index.apply(decodeEntry(message), offset) ?? found;
    if (found && finalStates.has(found.record.state)) break;
  }
  return index.get(id, Date.now());
}
