import { once } from "node:events";
import { open } from "node:fs/promises";
import process from "node:process";
import { createInterface } from "node:readline";

/** Where an export goes. */
export interface Sink extends AsyncDisposable {
  /** Resolves when the text is safe: on the disk, or taken by whoever reads stdout. */
  write(text: string): Promise<void>;
}

/** A new file. What is written is on the disk when `write` resolves. */
export async function fileSink(path: string): Promise<Sink> {
  const file = await open(path, "wx").catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      error.code === "EEXIST"
        ? `${path} is there already, and an export never overwrites a file`
        : error.message,
    );
  });
  return {
    async write(text) {
      await file.write(text);
      await file.datasync();
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Stdout. */
export function stdoutSink(): Sink {
  return {
    async write(text) {
      if (!process.stdout.write(text)) await once(process.stdout, "drain");
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The lines of a file, or of stdin. */
export async function* linesOf(path: string | undefined): AsyncGenerator<string, void> {
  const file = path === undefined ? undefined : await open(path);
  try {
    const input = file ? file.createReadStream({ autoClose: false }) : process.stdin;
    yield* createInterface({ input, crlfDelay: Infinity });
  } finally {
    await file?.close();
  }
}
