import { z } from "zod";
import { addressPolicy, type AllowPrivate } from "../../shared/http/address_policy.ts";

/** What the url-fetcher can be told. */
export interface UrlFetcherConfig {
  /** TCP port, 0 for any free one. @default 8082 */
  readonly port: number;
  /** The address to listen on. @default "127.0.0.1" */
  readonly host: string;
  /** The longest that one request may take, milliseconds. @default 10_000 */
  readonly timeoutMs: number;
  /** The most that is read of one body, bytes. @default 5_242_880 */
  readonly maxBytes: number;
  /** Which of the addresses that are not public may be fetched. @default none */
  readonly allowPrivate: AllowPrivate;
}

/** One or more environment variables are wrong; the message has a line for each. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const units = { ms: 1, s: 1000, m: 60_000 } as const;

const duration = z.string()
  .regex(/^[1-9]\d{0,6}(ms|s|m)$/, "a duration above zero, as 500ms, 30s or 5m")
  .transform((text) => parseInt(text, 10) * units[text.replace(/\d+/, "") as keyof typeof units]);

const integer = (min: number, max: number) => {
  const allowed = `an integer from ${min} to ${max}`;
  return z.string().regex(/^\d+$/, allowed).transform(Number)
    .refine((value) => value >= min && value <= max, allowed);
};

const allowPrivate = z.string().transform((text, context): AllowPrivate => {
  if (text === "true") return true;
  const entries = text.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
  try {
    addressPolicy(entries);
  } catch {
    const message = "true, or host names, addresses and subnets with commas between them";
    context.addIssue({ code: "custom", message });
  }
  return entries;
});

const schema = z.object({
  URL_FETCHER_PORT: integer(0, 65_535).default(8082),
  URL_FETCHER_HOST: z.string().regex(/^\S+$/, "a host name or address").default("127.0.0.1"),
  URL_FETCHER_TIMEOUT: duration.default(10_000),
  URL_FETCHER_MAX_BYTES: integer(1, 1 << 30).default(5 << 20),
  URL_FETCHER_ALLOW_PRIVATE: allowPrivate.default([]),
});

/** The names of the variables that {@link readConfig} reads. */
export const variables: readonly string[] = Object.keys(schema.shape);

/**
 * Reads the configuration from environment variables. An empty one counts as not set.
 * @throws {ConfigError} naming every variable that is wrong, its value and what is allowed.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): UrlFetcherConfig {
  const set = Object.fromEntries(variables.map((name) => [name, env[name] || undefined]));
  const { success, data, error } = schema.safeParse(set);
  if (!success) {
    const lines = error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      return `${name}: "${set[name]}" is not allowed; allowed is ${message}`;
    });
    throw new ConfigError(lines.join("\n"));
  }
  return {
    port: data.URL_FETCHER_PORT,
    host: data.URL_FETCHER_HOST,
    timeoutMs: data.URL_FETCHER_TIMEOUT,
    maxBytes: data.URL_FETCHER_MAX_BYTES,
    allowPrivate: data.URL_FETCHER_ALLOW_PRIVATE,
  };
}
