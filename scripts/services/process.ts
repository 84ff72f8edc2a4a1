import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/** The result of {@link run}. */
export interface Result {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface RunOptions {
  /** Milliseconds after which it is killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly env?: Record<string, string>;
}

/** Runs a command to its end. A command that is not there, fails or takes too long is not ok. */
export async function run(
  command: string,
  args: readonly string[],
  { timeoutMs, signal, env }: RunOptions,
): Promise<Result> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const output = await new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      signal: signal ? AbortSignal.any([deadline, signal]) : deadline,
      ...(env ? { env } : {}),
    }).output();
    const text = new TextDecoder();
    return {
      ok: output.success,
      stdout: text.decode(output.stdout),
      stderr: deadline.aborted ? `no end within ${timeoutMs} ms` : text.decode(output.stderr),
    };
  } catch (error) {
    return { ok: false, stdout: "", stderr: error instanceof Error ? error.message : `${error}` };
  }
}

/** Starts a command as the leader of a process group that outlives this process. */
export function runDetached(command: string, args: readonly string[], logFile: string): number {
  const log = openSync(logFile, "a");
  try {
    const child = spawn(command, args, { detached: true, stdio: ["ignore", log, log] });
    child.unref();
    if (child.pid === undefined) throw new Error(`${command} cannot be started`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/**
 * Whether a process lives whose command line contains `mark`. A process id may long belong to
 * somebody else; its command line does not.
 */
export async function isAlive(pid: number, mark: string): Promise<boolean> {
  if (existsSync("/proc/self/cmdline")) {
    const line = await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
    return line.includes(mark);
  }
  const { ok, stdout } = await run("ps", ["-o", "command=", "-p", `${pid}`], { timeoutMs: 5_000 });
  return ok && stdout.includes(mark);
}

/** Kills the process group that a process leads, if it is still there. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // it is gone already
  }
}

/**
 * Polls a condition until it holds.
 * @throws {Error} it does not hold in time; the message says `what` was waited for.
 */
export async function until(
  condition: () => Promise<boolean>,
  { what, timeoutMs, signal, onWait }: {
    readonly what: string;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
    /** Called every few seconds with the seconds waited so far. */
    readonly onWait?: (seconds: number) => void;
  },
): Promise<void> {
  const start = performance.now();
  let told = start;
  while (!await condition()) {
    signal?.throwIfAborted();
    const now = performance.now();
    if (now - start > timeoutMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    if (now - told > 5_000) {
      told = now;
      onWait?.(Math.round((now - start) / 1000));
    }
    await delay(100);
  }
}

/** A port of 127.0.0.1 that nobody listens on: the preferred one, or else any; 0 is any. */
export async function freePort(preferred: number): Promise<number> {
  return await tryPort(preferred) ?? await tryPort(0) ?? preferred;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      const got = address !== null && typeof address === "object" ? address.port : undefined;
      server.close(() => resolve(got));
    });
  });
}

/** The first folder that holds a command: those given, then those of `PATH`. */
export function findCommand(name: string, folders: readonly string[] = []): string | undefined {
  const path = (Deno.env.get("PATH") ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, ...path].map((folder) => join(folder, name)).find((file) => existsSync(file));
}
