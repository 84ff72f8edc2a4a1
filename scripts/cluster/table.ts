import type { NodeLoss, RunResult } from "./run.ts";

/** What a run has shown, as two Markdown tables, and below them what went wrong. */
export function tables({ account, losses, seconds, failures }: RunResult): string {
  const { told502, told503, told504 } = account;
  const counts: [string, string | number][] = [
    ["requests", `${account.requests} in ${seconds.toFixed(0)} s`],
    ["answered right", account.right],
    ["answered wrong", account.wrong],
    ["lost", account.lost],
    ["503, tried again", account.triedAgain],
    ["told 502/503/504 in the end", `${told502}/${told503}/${told504}`],
    ["run twice", account.duplicates],
    ["dead letters", account.deadLetters],
  ];
  type Row = readonly [string, (loss: NodeLoss) => string];
  const connected: Row = [
    "its connections, of 6",
    ({ connections }) => `${connections?.length ?? 0}`,
  ];
  const rows: readonly Row[] = [
    ...(losses.some(({ connections }) => connections) ? [connected] : []),
    ["services ready, a new request answered", ({ readyMs }) => ms(readyMs)],
    ["killed: longest time without any answer", ({ killed }) => ms(killed.silenceMs)],
    ["killed: longest wait of a caller", ({ killed }) => ms(killed.longestMs)],
    ["started: a member of the queue again", ({ backMs }) => ms(backMs)],
    ["started: longest time without any answer", ({ back }) => ms(back.silenceMs)],
    ["started: longest wait of a caller", ({ back }) => ms(back.longestMs)],
  ];
  const which = losses.map((_, i) => i === 0 ? "the queue's leader" : "the leader after that");
  return [
    markdown([["", ""], ...counts.map(([name, count]) => [name, `${count}`])]),
    "",
    markdown([["", ...which], ...rows.map(([name, of]) => [name, ...losses.map(of)])]),
    ...(failures.length > 0 ? ["", ...failures] : []),
  ].join("\n");
}

function markdown([head = [], ...body]: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) =>
    Math.max(3, ...[head, ...body].map((row) => row[i]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

function ms(value: number): string {
  return value < 10_000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
}
