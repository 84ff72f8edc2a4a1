import process from "node:process";

/** The terminal while it belongs to this command. Disposing of it gives it back as it was. */
export class Screen implements Disposable {
  readonly #onKey: (data: Uint8Array) => void;

  /** @param onQuit called when the user wants to leave. */
  constructor(onQuit: () => void) {
    this.#onKey = (data) => {
      // As the terminal is raw, Ctrl-C and Ctrl-D are no signals.
      if (data.some((byte) => byte === 3 || byte === 4 || byte === 0x71)) onQuit();
    };
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true);
      process.stdin.on("data", this.#onKey);
      process.stdin.resume();
    }
    process.stdout.write("\x1b[?1049h\x1b[?25l");
  }

  /** Shows lines from the top, as far as they have room. */
  show(lines: readonly string[]): void {
    // A terminal that does not know its size says 0.
    const [rows, columns] = [process.stdout.rows || 24, process.stdout.columns || 80];
    const shown = lines.length > rows ? [...lines.slice(0, rows - 1), "..."] : lines;
    const text = shown.map((line) => `${line.slice(0, columns)}\x1b[K`).join("\r\n");
    process.stdout.write(`\x1b[H${text}\x1b[J`);
  }

  [Symbol.dispose](): void {
    process.stdout.write("\x1b[?25h\x1b[?1049l");
    if (!process.stdin.isTTY) return;
    process.stdin.off("data", this.#onKey);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}
