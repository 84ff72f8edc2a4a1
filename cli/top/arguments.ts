import { durationForm, parseDuration } from "../../shared/config/duration.ts";
import { readArguments } from "../command.ts";

/** What the user wants. */
export interface Arguments {
  /** The enqueuer's URL, without a slash at its end. */
  readonly url: string;
  readonly key?: string;
  /** How often it is asked, milliseconds. */
  readonly everyMs: number;
  readonly once: boolean;
}

const defaultUrl = "http://127.0.0.1:8080";

/**
 * Reads the arguments.
 * @throws {Error} saying what is allowed.
 */
export function parseArguments(
  args: readonly string[],
  readEnv: (name: string) => string | undefined,
): Arguments | "help" {
  const { values } = readArguments(args, {
    url: { type: "string" },
    key: { type: "string" },
    every: { type: "string", default: "2s" },
    once: { type: "boolean", default: false },
  });
  if (values.help) return "help";
  const key = values.key ?? readEnv("TOP_KEY");
  return {
    url: urlOf(values.url ?? (readEnv("TOP_URL") || defaultUrl)),
    ...(key ? { key } : {}),
    everyMs: everyOf(values.every),
    once: values.once,
  };
}

function urlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) {
    return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  }
  throw new Error(
    `--url is ${JSON.stringify(text)}; allowed is an enqueuer's, e.g. ${defaultUrl}`,
  );
}

function everyOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 200) return ms;
  throw new Error(`--every is ${JSON.stringify(text)}; allowed is ${durationForm}, from 200ms on`);
}
