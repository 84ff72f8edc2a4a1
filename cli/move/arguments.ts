import { brokerSchemes } from "../../shared/broker/open.ts";
import { brokerUrl, commonVariables } from "../../shared/config/common.ts";
import { loadConfig } from "../../shared/config/config.ts";
import { text } from "../../shared/config/variable.ts";
import { parseRate, rateForm } from "../../shared/dead_letters/rate.ts";
import { serviceNamePattern } from "../../shared/service_name.ts";
import { readArguments, readCount } from "../command.ts";

/** What the user wants. */
export interface Arguments {
  /** The brokers' URLs. */
  readonly from: string;
  readonly to: string;
  readonly service: string;
  readonly deadLetters: boolean;
  readonly awaited: boolean;
  readonly wait: boolean;
  readonly limit: number;
  readonly perSecond: number;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

// What is in the memory of another process is out of reach.
const schemes = brokerSchemes.filter((scheme) => scheme !== "memory:");
const broker = text(
  new RegExp(`^(${schemes.join("|")})`),
  `a URL that starts with ${schemes.join(" ")}`,
  { description: "", required: true, secret: "userinfo" },
);

/**
 * Reads the arguments.
 * @throws {Error} saying what is allowed.
 */
export function parseArguments(
  args: readonly string[],
  readEnv: (name: string) => string | undefined,
): Arguments | "help" {
  const { values } = readArguments(args, {
    from: { type: "string" },
    to: { type: "string" },
    service: { type: "string" },
    "dead-letters": { type: "boolean", default: false },
    "include-waiting": { type: "boolean", default: false },
    wait: { type: "boolean", default: false },
    limit: { type: "string" },
    rate: { type: "string" },
    "dry-run": { type: "boolean", default: false },
    yes: { type: "boolean", short: "y", default: false },
    json: { type: "boolean", default: false },
  });
  if (values.help) return "help";
  const given: Readonly<Record<string, string | undefined>> = {
    "--from": values.from ?? readEnv("MOVE_FROM"),
    "--to": values.to ?? readEnv("MOVE_TO"),
  };
  const config = loadConfig(
    {
      "--from": broker,
      "--to": broker,
      RABBITMQ_QUEUE_TYPE: commonVariables.RABBITMQ_QUEUE_TYPE,
    },
    (name) => name in given ? given[name] : readEnv(name),
  );
  const [from, to] = [config["--from"], config["--to"]];
  if (placeOf(from) === placeOf(to)) throw new Error("--from and --to are the same broker");
  const withSettings = (BROKER_URL: string) => brokerUrl({ ...config, BROKER_URL });
  return {
    from: withSettings(from),
    to: withSettings(to),
    service: serviceOf(values.service),
    deadLetters: values["dead-letters"],
    awaited: values["include-waiting"],
    wait: values.wait,
    limit: values.limit === undefined ? Infinity : readCount("limit", values.limit, 1, 999_999_999),
    perSecond: values.rate === undefined ? Infinity : rateOf(values.rate),
    dryRun: values["dry-run"],
    yes: values.yes,
    json: values.json,
  };
}

function placeOf(url: string): string | undefined {
  return url.split("?")[0];
}

function serviceOf(name: string | undefined): string {
  if (name !== undefined && serviceNamePattern.test(name)) return name;
  const given = name === undefined ? "is not given" : `is ${JSON.stringify(name)}`;
  throw new Error(
    `--service ${given}; allowed are 1 to 63 characters of a-z 0-9 . _ - that start with a ` +
      "letter or digit",
  );
}

function rateOf(text: string): number {
  const rate = parseRate(text);
  if (rate !== undefined) return rate;
  throw new Error(`--rate ${text} is not allowed: ${rateForm}`);
}
