import {
  configure,
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getLogger,
  type Logger,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";

export type { Logger } from "@logtape/logtape";

/** How much is logged, from the most to the least. */
export const logLevels = ["debug", "info", "warning", "error"] as const satisfies LogLevel[];

/**
 * Sends the log to stdout: one JSON object a line with the event's properties flat in it, or, on
 * a terminal, a line for people.
 */
export async function configureLog(options: {
  readonly level: (typeof logLevels)[number];
  readonly forPeople: boolean;
}): Promise<void> {
  const format = options.forPeople ? getAnsiColorFormatter({ value: "bare" }) : jsonLine;
  await configure({
    reset: true,
    // Not LogTape's console sink: it sends warnings to stderr, and a collector reads stdout.
    sinks: { stdout: (record) => console.log(format(record).trimEnd()) },
    loggers: [
      { category: "proxymq", sinks: ["stdout"], lowestLevel: options.level },
      { category: ["logtape", "meta"], sinks: ["stdout"], lowestLevel: "error" },
    ],
  });
}

const formatJson = getJsonLinesFormatter({ properties: "flatten" });

/** LogTape would put quotes around a message's texts, which JSON then has to escape. */
function jsonLine(record: LogRecord): string {
  const text = record.message.map((part) => part instanceof Error ? part.message : String(part));
  return formatJson({ ...record, message: [text.join("")] });
}

/** The logger of a room: `logger("dequeuer")` logs as `proxymq.dequeuer`. */
export function logger(room: string): Logger {
  return getLogger(["proxymq", room]);
}
