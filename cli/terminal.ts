import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";

/** How often progress is told, milliseconds. */
const progressMs = 1_000;

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks a question on the terminal; anything but yes, Ctrl-C and Ctrl-D too, is no. */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  // Not as a terminal: then Ctrl-C would not be a signal.
  const lines = createInterface({ input: process.stdin, terminal: false });
  process.stderr.write(`${question} [y/N] `);
  try {
    const answer = await Promise.race([
      once(lines, "line", { signal }).then(([line]) => String(line)),
      once(lines, "close", { signal }).then(() => undefined),
    ]);
    if (answer === undefined) process.stderr.write("\n");
    return /^y(es)?$/i.test(answer?.trim() ?? "");
  } catch {
    process.stderr.write("\n");
    return false;
  } finally {
    lines.close();
  }
}

/** Tells how far it has come: a line a second on stderr, if that is a terminal. */
export class Progress {
  #next = performance.now() + progressMs;

  /** @param text is called when a line is due. */
  tell(text: () => string): void {
    if (process.stderr.isTTY !== true || performance.now() < this.#next) return;
    this.#next = performance.now() + progressMs;
    console.error(text());
  }
}
