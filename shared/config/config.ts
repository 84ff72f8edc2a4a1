import type { Variable } from "./variable.ts";

/** The variables of a service, by their names in the environment. */
export type Variables = { readonly [name: string]: Variable<unknown> };

type Value<V> = V extends { readonly schema: { readonly _output: infer T } }
  ? V extends { readonly default: string } | { readonly required: true } ? T : T | undefined
  : never;

/** The values of a service's variables. */
export type Config<V extends Variables> = { readonly [name in keyof V]: Value<V[name]> };

/** Everything that is wrong with a configuration, a line each. */
export class ConfigError extends Error {
  /** The name of the class. */
  override name = "ConfigError";
  /** A line each. */
  readonly problems: readonly string[];

  /** Of these problems. */
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/**
 * Reads a service's variables. An empty variable counts as unset.
 * @throws {ConfigError} naming every bad variable, its value and what is allowed.
 */
export function loadConfig<V extends Variables>(
  variables: V,
  readEnv: (name: string) => string | undefined,
): Config<V> {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, variable] of Object.entries(variables)) {
    const text = readEnv(name) || variable.default;
    if (text === undefined) {
      if (variable.required) problems.push(`${name} is not set: ${variable.allowed}`);
      continue;
    }
    const result = variable.schema.safeParse(text);
    if (result.success) values[name] = result.data;
    else {
      problems.push(`${name}=${shown(text, variable)} is not allowed: ${variable.allowed}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Config<V>;
}

function shown(text: string, { secret }: Variable<unknown>): string {
  if (secret === "all") return "(hidden)";
  return JSON.stringify(secret === "userinfo" ? text.replace(/\/\/.*@/, "//(hidden)@") : text);
}
