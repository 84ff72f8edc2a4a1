import type { Variables } from "./config.ts";
import { fileVariable } from "./secret_files.ts";

/** A service, as its `--help` and the documentation describe it. */
export interface Manual {
  readonly name: string;
  readonly summary: string;
  readonly variables: Variables;
}

/** The text that `--help` prints. @param command how the service is started. */
export function helpText(manual: Manual, command = `deno task ${manual.name}`): string {
  const entries = Object.entries(manual.variables).map(([name, variable]) => {
    const state = variable.required ? "required" : `default: ${variable.default ?? "not set"}`;
    const file = variable.secret
      ? `\n      Or the name of a file with it: ${fileVariable(name)}`
      : "";
    return `  ${name} (${state})\n      ${variable.description}\n      Allowed: ${variable.allowed}${file}`;
  });
  return [
    manual.summary,
    "",
    `Usage: ${command} [--help] [--version]`,
    "",
    "Environment variables:",
    ...entries,
    "",
  ].join("\n");
}

/** A section of docs/configuration.md: a table of a service's variables. */
export function markdownTable(manual: Manual): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const rows = Object.entries(manual.variables).map(([name, variable]) => {
    const value = variable.required
      ? "required"
      : variable.default === undefined
      ? ""
      : `\`${variable.default}\``;
    return `| \`${name}\` | ${value} | ${cell(variable.description)} | ${cell(variable.allowed)} |`;
  });
  return [
    `## ${manual.name}`,
    "",
    manual.summary,
    "",
    "| variable | default | what it does | allowed |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

/** A section of .env.example: every variable commented out, with its default. */
export function envExample(manual: Manual): string {
  const lines = Object.entries(manual.variables).flatMap(([name, variable]) => [
    `# ${variable.description} Allowed: ${variable.allowed}`,
    `${variable.required ? "" : "# "}${name}=${variable.default ?? ""}`,
  ]);
  return [`# ${manual.name}`, ...lines, ""].join("\n");
}
