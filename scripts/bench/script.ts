/** A script that runs as a process of its own. Disposing of it ends it. */
export interface Script extends AsyncDisposable {
  readonly pid: number;
  /** The first lines that it prints, when there are so many. */
  lines(count: number): Promise<string[]>;
}

/** How a script is started. */
export interface ScriptOptions {
  /** The program and what stands before the script's path. @default this Deno, with all permissions */
  readonly by?: readonly [program: string, ...args: string[]];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts a script by its path. */
export function startScript(
  path: string,
  args: readonly string[],
  signal: AbortSignal,
  { by = [Deno.execPath(), "run", "-A"], env = {}, cwd }: ScriptOptions = {},
): Script {
  const [program, ...before] = by;
  const child = new Deno.Command(program, {
    args: [...before, path, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env,
    signal,
    ...(cwd === undefined ? {} : { cwd }),
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
