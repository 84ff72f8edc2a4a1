import type { Manual } from "../../shared/config/help.ts";
import { optionName } from "../../shared/config/option.ts";
import type { Variable } from "../../shared/config/variable.ts";

/** The longest line of a comment. */
const lineWidth = 100;

/** A service's options as a TypeScript module: its variables, for those who use it as a library. */
export function optionsModule(manual: Manual): string {
  const { name, variables } = manual;
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Options`;
  const options = Object.entries(variables).flatMap(([variable, about]) => {
    const option = optionName(variable);
    return option === undefined ? [] : [optionLines(option, about)];
  });
  const used = ["ByteSize", "Duration"].filter((type) =>
    Object.values(variables).some(({ optionType }) => optionType === type)
  );
  return [
    "/**",
    " * Made from `config.ts` by `deno task docs`.",
    " *",
    " * @module",
    " */",
    ...used.length > 0
      ? [`import type { ${used.join(", ")} } from "../shared/config/option.ts";`]
      : [],
    "",
    `/** How ${article(name)} ${name} is set up; what is left out has its default. */`,
    `export interface ${type} {`,
    ...options.flat(),
    "}",
    "",
  ].join("\n");
}

function optionLines(option: string, about: Variable<unknown>): string[] {
  const { description, allowed, optionType, required } = about;
  return [
    "  /**",
    ...wrapped(`${description} Allowed: ${allowed}.`),
    ...about.default === undefined ? [] : [`   * @default ${literal(about.default, optionType)}`],
    "   */",
    `  readonly ${option}${required ? "" : "?"}: ${optionType}${required ? "" : " | undefined"};`,
  ];
}

function literal(text: string, type: string): string {
  if (type.startsWith("number") && /^\d+$/.test(text)) return text;
  return JSON.stringify(type.startsWith("readonly ") ? text.split(",") : text);
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "   *";
  for (const word of text.replaceAll("*/", "*\\/").split(" ")) {
    if (line.length + 1 + word.length > lineWidth) {
      lines.push(line);
      line = "   *";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? "an" : "a";
}
