import type { LetterDocument, SummaryDocument } from "../../shared/dead_letters/document.ts";
import { columns, printable, span } from "../text.ts";

/** How many bytes of a body that is no text are shown. */
const shownBytes = 1_024;

/** A list as a table. */
export function table(letters: readonly SummaryDocument[]): string {
  const rows = letters.map(({ id, age_ms, reason, attempts, replays, method, path, size }) =>
    [
      id,
      span(age_ms),
      reason,
      String(attempts),
      String(replays),
      `${size} B`,
      `${method ?? "?"} ${path ?? "?"}`,
    ].map((cell) => shorten(printable(cell).replaceAll(/[\t\n]/g, " "), 80))
  );
  return columns([["ID", "AGE", "REASON", "TRIES", "REPLAYS", "BODY", "REQUEST"], ...rows])
    .join("\n");
}

/** One dead letter, for people. */
export function letter(document: LetterDocument): string {
  const { dead_at, age_ms, last_status, last_response, body, headers } = document;
  const lines: [string, string | number | undefined][] = [
    ["id", document.id],
    ["service", document.service],
    ["request", `${document.method ?? "?"} ${document.path ?? "?"}`],
    ["reason", document.reason],
    ["dead since", dead_at === undefined ? undefined : `${dead_at} (${span(age_ms)})`],
    ["tried", `${document.attempts} times, replayed ${document.replays} times before`],
    ["last status", last_status],
    ["trace", document.traceparent],
    ["reply to", document.properties["reply_to"]],
  ];
  const head = lines.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padEnd(12)} ${printable(String(value))}`]
  );
  return [
    head.join("\n"),
    section("attempts", document.history.map(({ at, failure }) => `${at}  ${failure}`)),
    section("last response, its beginning", last_response === undefined ? [] : [last_response]),
    section("headers", headerLines(headers)),
    section(`body, ${body.size} bytes`, bodyLines(body)),
  ].filter((part) => part !== "").join("\n\n");
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const text = lines.map(printable).join("\n").split("\n").map((line) => `  ${line}`);
  return [`${title}:`, ...text].join("\n");
}

function headerLines(headers: unknown): string[] {
  if (typeof headers !== "object" || headers === null) return [];
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one}`)
  );
}

function bodyLines({ size, text, base64, spool }: LetterDocument["body"]): string[] {
  if (spool !== undefined) return [`in the spool ${spool}`];
  if (text !== undefined) return text === "" ? [] : [text];
  const bytes = Uint8Array.from(atob(base64 ?? ""), (character) => character.charCodeAt(0));
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, shownBytes); at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const ascii = row.map((byte) => byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${ascii.join("")}`);
  }
  if (size > shownBytes) lines.push(`... ${size - shownBytes} bytes more: --json has them all`);
  return lines;
}

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
