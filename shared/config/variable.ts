import { z } from "zod";
import { durationForm, parseDuration } from "./duration.ts";

/** An environment variable: how it is read, and what a reader has to know of it. */
export interface Variable<T> {
  /** Reads the text; its first issue's message says what is allowed. */
  readonly schema: z.ZodType<T, string>;
  readonly description: string;
  /** What is allowed, in words. */
  readonly allowed: string;
  /** What it is as an option of the library, in TypeScript. */
  readonly optionType: string;
  /** The text that stands in for an unset variable. Without it the variable may stay unset. */
  readonly default?: string;
  /** It has to be set. */
  readonly required?: true;
  /** What of its value appears in no log and no error: all of it, or a URL's user and password. */
  readonly secret?: "all" | "userinfo";
}

/** What the makers below are told of a variable, and keep as its type. */
export interface Options {
  readonly description: string;
  readonly default?: string;
  readonly required?: true;
  readonly secret?: "all" | "userinfo";
}

function variable<T, O extends Options>(
  optionType: string,
  allowed: string,
  read: (text: string) => T | undefined,
  options: O,
): Variable<T> & O {
  const schema = z.string().transform((text, context) => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: allowed });
    return z.NEVER;
  });
  return { ...options, allowed, optionType, schema };
}

/** A whole number in a range. */
export function integer<O extends Options>(
  min: number,
  max: number,
  options: O,
): Variable<number> & O {
  return variable("number", `a whole number from ${min} to ${max}`, (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  }, options);
}

/** A whole number in a range, or `auto`. */
export function integerOrAuto<O extends Options>(
  min: number,
  max: number,
  options: O,
): Variable<number | "auto"> & O {
  return variable('number | "auto"', `a whole number from ${min} to ${max}, or auto`, (text) => {
    if (text === "auto") return text;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  }, options);
}

/** A TCP port; 0 picks a free one. */
export function port<O extends Options>(options: O): Variable<number> & O {
  return integer(0, 65535, options);
}

const byteUnits: Readonly<Record<string, number>> = {
  "": 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** A number of bytes. */
export function byteSize<O extends Options>(max: number, options: O): Variable<number> & O {
  return variable(
    "ByteSize",
    `a number of bytes up to ${max}, or with a unit: 512KiB, 16MiB, 1GiB`,
    (text) => {
      const [, digits, unit] = /^(\d{1,15})(KiB|MiB|GiB|)$/.exec(text) ?? [];
      const value = Number(digits) * (byteUnits[unit ?? ""] ?? NaN);
      return value <= max ? value : undefined;
    },
    options,
  );
}

/** A duration, read as milliseconds. */
export function duration<O extends Options>(options: O): Variable<number> & O {
  return variable("Duration", durationForm, parseDuration, options);
}

/** One of several words. */
export function choice<const T extends string, O extends Options>(
  words: readonly T[],
  options: O,
): Variable<T> & O {
  return variable(
    words.map((word) => JSON.stringify(word)).join(" | "),
    `one of ${words.join(", ")}`,
    (text) => words.find((word) => word === text),
    options,
  );
}

/** Any text that a pattern accepts. */
export function text<O extends Options>(
  pattern: RegExp,
  allowed: string,
  options: O,
): Variable<string> & O {
  return variable("string", allowed, (value) => pattern.test(value) ? value : undefined, options);
}

/** Texts with commas between them. */
export function list<O extends Options>(
  pattern: RegExp,
  allowed: string,
  options: O,
): Variable<readonly string[]> & O {
  return listOf((item) => pattern.test(item) ? item : undefined, allowed, options);
}

/** Values with commas between them. @param read gives undefined for what is not allowed. */
export function listOf<T extends object | string, O extends Options>(
  read: (item: string) => T | undefined,
  allowed: string,
  options: O,
): Variable<readonly T[]> & O {
  return variable("readonly string[]", `${allowed}, with commas between them`, (value) => {
    const items = value.split(",").map((item) => item.trim()).filter((item) => item !== "");
    const values = items.map(read);
    return values.every((item) => item !== undefined) ? values : undefined;
  }, options);
}

/** An absolute URL with one of the schemes, each with its colon, and without user and password. */
export function url<O extends Options>(
  schemes: readonly string[],
  options: O,
): Variable<URL> & O {
  const allowed = `a URL that starts with ${schemes.join(" or ")} and holds no password`;
  return variable("string | URL", allowed, (value) => {
    if (!URL.canParse(value)) return undefined;
    const parsed = new URL(value);
    const open = parsed.username === "" && parsed.password === "";
    return schemes.includes(parsed.protocol) && open ? parsed : undefined;
  }, options);
}
