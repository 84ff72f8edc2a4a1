import type { Broker } from "../../shared/broker/broker.ts";
import { browse, read } from "../../shared/dead_letters/browse.ts";
import { discard } from "../../shared/dead_letters/discard.ts";
import { toDocument, toSummary } from "../../shared/dead_letters/document.ts";
import { replay } from "../../shared/dead_letters/replay.ts";
import { survey } from "../../shared/dead_letters/survey.ts";
import { exportLetters, importLetters } from "../../shared/dead_letters/transfer.ts";
import type { Tally } from "../../shared/dead_letters/work.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { canAsk, confirmed, Progress } from "../terminal.ts";
import { printable } from "../text.ts";
import { type Arguments, type CommandName, UsageError } from "./arguments.ts";
import { fileSink, linesOf, stdoutSink } from "./files.ts";
import { letter, table } from "./format.ts";

const defaultListLimit = 100;

/** Does what a command is for, and returns the exit code. */
export type Command = (
  broker: Broker,
  given: Arguments,
  signal: AbortSignal,
) => Promise<number>;

/** The commands by their names. */
export const commands: Readonly<Record<CommandName, Command>> = {
  list,
  show,
  replay: remove,
  discard: remove,
  export: exportAll,
  import: importAll,
};

async function list(broker: Broker, given: Arguments, signal: AbortSignal): Promise<number> {
  const { service, selection, json } = given;
  const { limit = defaultListLimit } = selection;
  const listing = await browse(broker, service, { ...selection, limit, signal });
  const { total, lookedAt, letters } = listing;
  const now = Date.now();
  const items = letters.map((letter) => toSummary(letter, now));
  if (json) {
    console.log(JSON.stringify({ total, looked_at: lookedAt, items }, null, 2));
    return 0;
  }
  if (items.length > 0) console.log(table(items));
  console.error(
    `${count(items.length, total)} in ${deadLetterQueue(service)}` +
      (lookedAt < total ? `; ${lookedAt} were looked at` : ""),
  );
  return 0;
}

async function show(broker: Broker, given: Arguments, signal: AbortSignal): Promise<number> {
  const { service, selection, json } = given;
  const [id = ""] = selection.filter.ids ?? [];
  const found = await read(broker, service, id, signal);
  if (!found) throw new Error(`${service} has no dead letter ${id}`);
  const document = toDocument(found, Date.now());
  console.log(json ? JSON.stringify(document, null, 2) : letter(document));
  return 0;
}

/** Replay and discard: both remove what they are done with. */
async function remove(broker: Broker, given: Arguments, signal: AbortSignal): Promise<number> {
  const { command, service, selection, to, perSecond, json, dryRun, yes } = given;
  if (!dryRun && !yes && !canAsk()) {
    throw new UsageError(`${command} asks before it acts, and there is no terminal: give --yes`);
  }
  const options = { ...selection, signal, ...(to === undefined ? {} : { to }) };
  const target = command === "replay" ? ` into ${requestQueue(to ?? service)}` : " for good";
  let { limit = Infinity } = selection;
  if (dryRun || !yes) {
    const { total, lookedAt, matched, ids, complete } = await survey(broker, service, options);
    if (signal.aborted) return 130;
    const some = count(matched, total, complete ? "" : " or more");
    if (dryRun) {
      const document = { dry_run: true, total, looked_at: lookedAt, matched, ids };
      if (json) console.log(JSON.stringify(document, null, 2));
      else {
        for (const id of ids) console.log(printable(id));
        console.error(`${some} would be ${command}ed${target}`);
      }
      return 0;
    }
    if (matched === 0) {
      console.error(`nothing to ${command}: ${some} are meant`);
      return 0;
    }
    if (!await confirmed(`${command} ${some}${target}?`, signal)) {
      console.error("nothing was done");
      return signal.aborted ? 130 : 1;
    }
    if (complete) limit = matched;
  }
  const progress = new Progress();
  const tally = await (command === "replay" ? replay : discard)(broker, service, {
    ...options,
    limit,
    ...(perSecond === undefined ? {} : { perSecond }),
    onProgress: (tally) => progress.tell(() => `${count(tally.done, tally.total)} ${command}ed`),
  });
  report(tally, `${command}ed${target}`, json && resultOf(tally, `${command}ed`));
  if (signal.aborted) return 130;
  return tally.failed.length > 0 ? 1 : 0;
}

function resultOf({ total, lookedAt, matched, done, failed }: Tally, verb: string) {
  return { dry_run: false, total, looked_at: lookedAt, matched, [verb]: done, failed };
}

function report({ done, total, failed }: Tally, what: string, json: object | false): void {
  if (json) console.log(JSON.stringify(json, null, 2));
  for (const { id, error } of failed) console.error(`${printable(id)} stays: ${error}`);
  console.error(`${count(done, total)} ${what}`);
}

async function exportAll(broker: Broker, given: Arguments, signal: AbortSignal): Promise<number> {
  const { service, selection, file, discard } = given;
  await using sink = file === undefined ? stdoutSink() : await fileSink(file);
  const progress = new Progress();
  const { matched, total, failed } = await exportLetters(broker, service, {
    ...selection,
    discard,
    signal,
    onProgress: (tally) => progress.tell(() => `${count(tally.matched, tally.total)} exported`),
  }, (lines) => sink.write(lines));
  const where = file === undefined ? "" : ` to ${file}`;
  for (const { id, error } of failed) console.error(`${printable(id)} stays: ${error}`);
  const exported = matched - failed.length;
  console.error(`${count(exported, total)} exported${where}${discard ? " and discarded" : ""}`);
  if (signal.aborted) return 130;
  return failed.length > 0 ? 1 : 0;
}

async function importAll(broker: Broker, given: Arguments, signal: AbortSignal): Promise<number> {
  const { service, file, toQueue, json } = given;
  const progress = new Progress();
  const imported = await importLetters(broker, service, linesOf(file), {
    signal,
    toQueue,
    onProgress: (imported) => progress.tell(() => `${imported} imported`),
  });
  if (json) console.log(JSON.stringify({ imported }));
  const queue = toQueue ? requestQueue(service) : deadLetterQueue(service);
  console.error(`${imported} dead letter${imported === 1 ? "" : "s"} imported into ${queue}`);
  return signal.aborted ? 130 : 0;
}

function count(letters: number, total: number, vague = ""): string {
  return `${letters}${vague} of ${total} dead letter${total === 1 ? "" : "s"}`;
}
