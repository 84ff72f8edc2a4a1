import { type Config, ConfigError, loadConfig, type Variables } from "./config.ts";

/** A span of time: a whole number with a unit, such as `500ms`, `30s`, `5m`, `1h` or `1d`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** A number of bytes, or a whole number with a unit, such as `512KiB`, `16MiB` or `1GiB`. */
export type ByteSize = number | `${number}${"KiB" | "MiB" | "GiB"}`;

/** What an option may be, whatever it is for. */
export type OptionValue = string | number | URL | readonly string[] | undefined;

/**
 * The name that a service's environment variable has as an option of the library, or undefined
 * where it has none: the log is the program's own.
 */
export function optionName(variable: string): string | undefined {
  if (variable.startsWith("LOG_")) return undefined;
  return variable.replace(/^(ENQUEUER|DEQUEUER)_/, "").toLowerCase()
    .replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * A service's configuration from options instead of the environment.
 * @throws {ConfigError} naming every bad option, its value and what is allowed.
 */
export function configOf<V extends Variables>(variables: V, options: object): Config<V> {
  const names = new Map(Object.keys(variables).map((name) => [name, optionName(name) ?? name]));
  const values = options as Readonly<Record<string, OptionValue>>;
  const known = [...names.values()];
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new ConfigError(
      unknown.map((name) => `there is no option ${name}; allowed are ${known.join(", ")}`),
    );
  }
  const byOption = Object.fromEntries(
    Object.entries(variables).map(([name, variable]) => [names.get(name), variable]),
  );
  const config = loadConfig(byOption, (name) => textOf(values[name]));
  return Object.fromEntries(
    [...names].flatMap(([name, option]) => option in config ? [[name, config[option]]] : []),
  ) as Config<V>;
}

function textOf(value: OptionValue): string | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.join(",") : String(value);
}
