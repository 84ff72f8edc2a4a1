import { Counter, type Registry } from "prom-client";
import type { SpoolsEvents } from "./spools.ts";

/** Counts what becomes of spools. */
export function spoolMetrics(registry: Registry): SpoolsEvents {
  const counter = (name: string, help: string) =>
    new Counter({ name, help, registers: [registry] });
  const begun = counter("proxymq_spools_begun_total", "Spools that were begun.");
  const deleted = counter("proxymq_spools_deleted_total", "Spools that were deleted.");
  const written = counter("proxymq_spool_written_bytes_total", "Bytes written to spools.");
  const read = counter("proxymq_spool_read_bytes_total", "Bytes read from spools.");
  return {
    onBegun: () => begun.inc(),
    onDeleted: () => deleted.inc(),
    onWritten: (bytes) => written.inc(bytes),
    onRead: (bytes) => read.inc(bytes),
  };
}
