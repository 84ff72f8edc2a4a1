import { z } from "zod";

/** What the token-stream can be told. */
export interface TokenStreamConfig {
  /** TCP port, 0 for any free one. @default 8084 */
  readonly port: number;
  /** The address to listen on. @default "127.0.0.1" */
  readonly host: string;
  /** How long a token takes, milliseconds. @default 50 */
  readonly paceMs: number;
}

/** One or more environment variables are wrong; the message has a line for each. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const paceForm = "milliseconds from 0 to 60000";
const portForm = "an integer from 0 to 65535";

const schema = z.object({
  TOKEN_STREAM_PORT: z.string().regex(/^\d{1,5}$/, portForm).transform(Number)
    .refine((port) => port <= 65_535, portForm).default(8084),
  TOKEN_STREAM_HOST: z.string().regex(/^\S+$/, "a host name or address").default("127.0.0.1"),
  TOKEN_STREAM_PACE_MS: z.string().regex(/^\d{1,5}$/, paceForm).transform(Number)
    .refine((ms) => ms <= 60_000, paceForm).default(50),
});

/** The names of the variables that {@link readConfig} reads. */
export const variables: readonly string[] = Object.keys(schema.shape);

/**
 * Reads the configuration from environment variables. An empty one counts as not set.
 * @throws {ConfigError} naming every variable that is wrong, its value and what is allowed.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): TokenStreamConfig {
  const set = Object.fromEntries(variables.map((name) => [name, env[name] || undefined]));
  const { success, data, error } = schema.safeParse(set);
  if (success) {
    return {
      port: data.TOKEN_STREAM_PORT,
      host: data.TOKEN_STREAM_HOST,
      paceMs: data.TOKEN_STREAM_PACE_MS,
    };
  }
  const lines = error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return `${name}: "${set[name]}" is not allowed; allowed is ${message}`;
  });
  throw new ConfigError(lines.join("\n"));
}
