import { readFileSync } from "node:fs";
import { ConfigError, type Variables } from "./config.ts";

type ReadEnv = (name: string) => string | undefined;

/** The variable that names the file which a secret one is read from. */
export const fileVariable = (name: string) => `${name}_FILE`;

/**
 * Reads the environment so that a secret may stand in a file: `BROKER_URL_FILE=/run/secrets/broker_url`
 * in place of `BROKER_URL`. White space at the end of the file is left out.
 *
 * @throws {ConfigError} for a variable that is given both ways, and a file that is empty or cannot be
 * read: an empty one would open what it was to lock.
 */
export function withSecretFiles(variables: Variables, readEnv: ReadEnv): ReadEnv {
  const secrets = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, { secret }] of Object.entries(variables)) {
    const path = secret && readEnv(fileVariable(name));
    if (!path) continue;
    const from = `${fileVariable(name)}=${JSON.stringify(path)}`;
    if (readEnv(name)) {
      problems.push(`${from} is not allowed beside ${name}: one of the two`);
      continue;
    }
    try {
      const text = readFileSync(path, "utf8").trimEnd();
      if (text === "") problems.push(`${from}: the file is empty`);
      secrets.set(name, text);
    } catch (error) {
      problems.push(`${from} cannot be read: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return (name) => secrets.get(name) ?? readEnv(name);
}
