import { parseArgs } from "node:util";
import { durationForm, parseDuration } from "../../shared/config/duration.ts";
import { type Filter, isEmpty } from "../../shared/dead_letters/filter.ts";
import { parseRate, rateForm } from "../../shared/dead_letters/rate.ts";
import type { Selection } from "../../shared/dead_letters/select.ts";
import {
  ownServiceNameForm,
  ownServiceNamePattern,
  serviceNamePattern,
} from "../../shared/service_name.ts";

/** What is wrong with the arguments, and what is allowed. */
export class UsageError extends Error {
  override name = "UsageError";
}

const filterOptions = ["id", "reason", "status", "older-than", "newer-than", "path", "limit"];

/** The commands with the options that they take beside `--json` and `--help`. */
const commands = {
  list: filterOptions,
  show: [],
  replay: [...filterOptions, "all", "to", "rate", "dry-run", "yes"],
  discard: [...filterOptions, "all", "dry-run", "yes"],
  export: [...filterOptions, "file", "discard"],
  import: ["file", "to-queue"],
} as const satisfies Record<string, readonly string[]>;

/** The name of a command. */
export type CommandName = keyof typeof commands;

/** The names of the commands. */
export const commandNames: readonly string[] = Object.keys(commands);

/** What the user wants. */
export interface Arguments {
  readonly command: CommandName;
  readonly service: string;
  readonly selection: Selection;
  readonly to?: string;
  readonly perSecond?: number;
  readonly file?: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly discard: boolean;
  readonly toQueue: boolean;
}

/**
 * Reads the arguments.
 * @returns undefined if it is help that is wanted.
 * @throws {UsageError}
 */
export function parseArguments(args: readonly string[]): Arguments | undefined {
  const { values, positionals } = parse(args);
  if (values.help || (positionals.length === 0 && args.length === 0)) return undefined;
  const [name = "", service, ...rest] = positionals;
  const command = commandOf(name);
  const allowed: readonly string[] = [...commands[command], "json"];
  for (const option of Object.keys(values)) {
    if (!allowed.includes(option)) {
      throw new UsageError(
        `${command} has no option --${option}; it has ` +
          allowed.map((option) => `--${option}`).join(" "),
      );
    }
  }
  if (service === undefined) throw new UsageError(`${command} needs the name of a service`);
  if (command === "import" && rest.length > 0) {
    throw new UsageError(`import takes no ids; it got ${JSON.stringify(rest[0])}`);
  }
  const selection = selectionOf(values, rest);
  checkSelection(command, selection, rest, values.all ?? false);
  if (values.discard && values.file === undefined) {
    throw new UsageError("--discard needs --file: only a file says when it is safe");
  }
  return {
    command,
    service: serviceOf(service),
    selection,
    ...(values.to === undefined ? {} : { to: receiverOf(values.to) }),
    ...(values.rate === undefined ? {} : { perSecond: rateOf(values.rate) }),
    ...(values.file === undefined ? {} : { file: values.file }),
    json: values.json ?? false,
    dryRun: values["dry-run"] ?? false,
    yes: values.yes ?? false,
    discard: values.discard ?? false,
    toQueue: values["to-queue"] ?? false,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        id: { type: "string", multiple: true },
        reason: { type: "string" },
        status: { type: "string" },
        "older-than": { type: "string" },
        "newer-than": { type: "string" },
        path: { type: "string" },
        limit: { type: "string" },
        all: { type: "boolean" },
        to: { type: "string" },
        rate: { type: "string" },
        file: { type: "string" },
        discard: { type: "boolean" },
        "to-queue": { type: "boolean" },
        "dry-run": { type: "boolean" },
        yes: { type: "boolean", short: "y" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    const [what = ""] = String(error instanceof Error ? error.message : error).split(". ");
    throw new UsageError(what);
  }
}

function commandOf(name: string): CommandName {
  if (commandNames.includes(name)) return name as CommandName;
  throw new UsageError(
    `there is no command ${JSON.stringify(name)}; allowed are ${commandNames.join(", ")}`,
  );
}

function serviceOf(name: string): string {
  if (serviceNamePattern.test(name)) return name;
  throw new UsageError(
    `${JSON.stringify(name)} is no service name; allowed are 1 to 63 characters of ` +
      "a-z 0-9 . _ - that start with a letter or digit",
  );
}

function receiverOf(name: string): string {
  if (ownServiceNamePattern.test(name)) return name;
  throw new UsageError(
    `--to ${JSON.stringify(name)} is no service name that requests can be sent to; ` +
      `allowed are ${ownServiceNameForm}`,
  );
}

function selectionOf(
  values: ReturnType<typeof parse>["values"],
  positionals: readonly string[],
): Selection {
  const ids = [...positionals, ...values.id ?? []];
  const filter: { -readonly [name in keyof Filter]: Filter[name] } = {};
  if (ids.length > 0) filter.ids = ids;
  if (values.reason !== undefined) filter.reason = values.reason;
  if (values.path !== undefined) filter.path = values.path;
  if (values.status !== undefined) filter.status = whole("status", values.status, 100, 599);
  if (values["older-than"] !== undefined) {
    filter.olderThanMs = durationOf("older-than", values["older-than"]);
  }
  if (values["newer-than"] !== undefined) {
    filter.newerThanMs = durationOf("newer-than", values["newer-than"]);
  }
  if (values.limit === undefined) return { filter };
  return { filter, limit: whole("limit", values.limit, 1, 1_000_000_000) };
}

function checkSelection(
  command: CommandName,
  { filter, limit }: Selection,
  ids: readonly string[],
  all: boolean,
): void {
  if (command === "show" && ids.length !== 1) {
    throw new UsageError("show needs the id of one dead letter");
  }
  if (command !== "replay" && command !== "discard") return;
  if (all && !isEmpty(filter)) throw new UsageError("give ids and filters, or --all, not both");
  if (!all && isEmpty(filter) && limit === undefined) {
    throw new UsageError(`${command} needs to know which: ids, a filter, --limit, or --all`);
  }
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} ${text} is not allowed: a whole number from ${min} to ${max}`);
}

function durationOf(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new UsageError(`--${name} ${text} is not allowed: ${durationForm}`);
}

function rateOf(text: string): number {
  const rate = parseRate(text);
  if (rate !== undefined) return rate;
  throw new UsageError(`--rate ${text} is not allowed: ${rateForm}`);
}
