/** A script that runs as a process of its own. Disposing of it ends it. */
export interface Script extends AsyncDisposable {
  readonly pid: number;
  /** The first lines that it prints, when there are so many. */
  lines(count: number): Promise<string[]>;
}

/** Starts a script by its path. */
export function startScript(path: string, args: readonly string[], signal: AbortSignal): Script {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal,
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    pid: child.pid,
    async lines(count) {
      while (text.split("\n").length <= count) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`${path} ended before it said anything`);
        text += value;
      }
      return text.split("\n").slice(0, count);
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill();
      } catch {
        // It has ended by itself.
      }
      await reader.cancel();
      await child.status;
    },
  };
}
