import type { Broker, Message } from "../broker/broker.ts";
import { deadLetterQueue, requestQueue } from "../service_name.ts";
import { LineError, parseLine, toLine } from "./archive.ts";
import type { Found } from "./pass.ts";
import { copied, replayed } from "./replayed.ts";
import { type Tally, work, type WorkOptions } from "./work.ts";

/** What an export can be told. */
export interface ExportOptions extends WorkOptions {
  /** Removes what is written, so that any number can be exported. @default false */
  readonly discard?: boolean;
}

/**
 * Writes dead letters as lines of NDJSON.
 * @param write resolves when the lines, each with its end, are where they are safe.
 * @throws {QueueNotFoundError} the service has no dead-letter queue.
 * @throws {UnfinishedError} it ended early for another reason than the signal.
 */
export function exportLetters(
  broker: Broker,
  service: string,
  options: ExportOptions,
  write: (lines: string) => Promise<void>,
): Promise<Tally> {
  return work(broker, service, options, async (found) => {
    const whole = found.filter(({ letter }) => !letter.spooled);
    const lines = whole.map(({ delivery }) => toLine(service, delivery.message));
    await write(lines.map((line) => `${line}\n`).join(""));
    return { done: options.discard ? whole : [], failed: found.flatMap(inSpool) };
  });
}

/** Why a dead letter cannot be exported, if so. */
function inSpool({ letter: { id, spooled } }: Found): { id: string; error: string }[] {
  if (!spooled) return [];
  return [{
    id,
    error:
      `its body, ${spooled.size} bytes, is too large for a line: it is not exported, and can be ` +
      "replayed or discarded",
  }];
}

/** What an import can be told. */
export interface ImportOptions {
  /** Ends it early, in good order. */
  readonly signal: AbortSignal;
  /** Puts the requests straight into the request queue, as a replay does. @default false */
  readonly toQueue?: boolean;
  readonly onProgress?: (imported: number) => void;
}

/** An import ended before its end; the lines before are imported. */
export class ImportError extends Error {
  override name = "ImportError";
  /** How many dead letters were imported. */
  readonly imported: number;

  constructor(message: string, imported: number, options?: ErrorOptions) {
    super(message, options);
    this.imported = imported;
  }
}

/** How many are in the air at once, and how many bytes of them, about. */
const mostAtOnce = 100;
const bytesAtOnce = 32 * 2 ** 20;

/**
 * Publishes exported dead letters, each confirmed.
 * @returns how many.
 * @throws {QueueNotFoundError} the service has no such queue; nothing is imported.
 * @throws {ImportError} a line is no dead letter, or the broker did not take it.
 */
export async function importLetters(
  broker: Broker,
  service: string,
  lines: AsyncIterable<string>,
  { signal, toQueue = false, onProgress }: ImportOptions,
): Promise<number> {
  const queue = toQueue ? requestQueue(service) : deadLetterQueue(service);
  await broker.stats(queue);
  let imported = 0;
  let [number, bytes] = [0, 0];
  let waiting: { readonly number: number; readonly message: Message }[] = [];
  const flush = async () => {
    const batch = waiting;
    [waiting, bytes] = [[], 0];
    const results = await Promise.allSettled(
      batch.map(({ message }) =>
        broker.publish({ queue }, [toQueue ? replayed(message) : copied(message)])
      ),
    );
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") imported++;
      else throw importError(batch[index]?.number ?? 0, result.reason, imported);
    }
    onProgress?.(imported);
  };
  for await (const line of lines) {
    number++;
    if (signal.aborted) break;
    if (line.trim() === "") continue;
    try {
      waiting.push({ number, message: parseLine(line) });
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      await flush();
      throw importError(number, error, imported);
    }
    bytes += line.length;
    if (waiting.length >= mostAtOnce || bytes >= bytesAtOnce) await flush();
  }
  await flush();
  return imported;
}

function importError(line: number, cause: unknown, imported: number): ImportError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ImportError(
    `line ${line}: ${why}; ` +
      (line > 1 ? `the lines before it are imported (${imported})` : "nothing is imported"),
    imported,
    { cause },
  );
}
