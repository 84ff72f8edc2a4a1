import type { Verdict } from "./stand.ts";

const columns: readonly { readonly name: string; readonly of: (verdict: Verdict) => string }[] = [
  { name: "fault", of: ({ title }) => title },
  { name: "broker", of: ({ broker }) => broker },
  { name: "lasted", of: ({ faultMs }) => seconds(faultMs) },
  { name: "requests", of: ({ account }) => String(account.requests) },
  { name: "right", of: ({ account }) => String(account.right) },
  { name: "wrong", of: ({ account }) => String(account.wrong) },
  { name: "lost", of: ({ account }) => String(account.lost) },
  {
    name: "told 502/503/504",
    of: ({ account: { told502, told503, told504 } }) => `${told502}/${told503}/${told504}`,
  },
  { name: "cut off", of: ({ account }) => String(account.cutOff) },
  { name: "503 or refused, tried again", of: ({ account }) => String(account.triedAgain) },
  { name: "run twice", of: ({ account }) => String(account.duplicates) },
  { name: "dead letters", of: ({ account }) => String(account.deadLetters) },
  { name: "longest wait", of: ({ account }) => seconds(account.longestMs) },
  { name: "recovered after", of: ({ recoveredMs }) => seconds(recoveredMs) },
  { name: "verdict", of: ({ failures }) => failures.length === 0 ? "fine" : "failed" },
];

/** The verdicts as a Markdown table, and below it what went wrong. */
export function table(verdicts: readonly Verdict[]): string {
  const rows = [
    columns.map(({ name }) => name),
    ...verdicts.map((verdict) => columns.map(({ of }) => of(verdict))),
  ];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  const failures = verdicts.flatMap(({ name, broker, failures }) =>
    failures.map((failure) => `${name} on ${broker}: ${failure}`)
  );
  return [
    line(head),
    line(widths.map((width) => "-".repeat(width))),
    ...body.map(line),
    ...(failures.length > 0 ? ["", ...failures] : []),
  ].join("\n");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 9_950 ? 2 : 1)} s`;
}
