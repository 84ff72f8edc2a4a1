/**
 * The only room that touches the runtime itself; everything else is Web-standard API or `node:`.
 *
 * @module
 */
import process from "node:process";

/** The arguments after the script's name. */
export const args: readonly string[] = process.argv.slice(2);

/** Reads one environment variable. */
export function readEnv(name: string): string | undefined {
  return process.env[name];
}

/**
 * Loads a module as if for a browser. The npm package `debug`, which some libraries log with, lists all
 * environment variables when it is loaded elsewhere, and a service may read but a few.
 */
export async function loadedAsInBrowser<T>(load: () => Promise<T>): Promise<T> {
  Object.assign(process, { browser: true });
  try {
    return await load();
  } finally {
    Reflect.deleteProperty(process, "browser");
  }
}

/** Whether stdout is a terminal. */
export function stdoutIsTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** Ends the process. */
export function exit(code: number): never {
  process.exit(code);
}

/**
 * Gives up the permission to read and write files for the rest of the process, where the runtime
 * has such permissions: a service on a remote broker needs none.
 */
export function giveUpFiles(): void {
  if (!("Deno" in globalThis)) return;
  Deno.permissions.revokeSync({ name: "write" });
  Deno.permissions.revokeSync({ name: "read" });
}

/** Bytes that the process holds: resident set and used heap. */
export function memoryUsage(): { readonly rss: number; readonly heapUsed: number } {
  // On Deno that of node:process asks for a permission that a service should not have.
  const { rss, heapUsed } = "Deno" in globalThis ? Deno.memoryUsage() : process.memoryUsage();
  return { rss, heapUsed };
}

/**
 * Calls `handler` on SIGTERM and SIGINT until it is disposed of.
 * @example `using _ = onTermination((signal) => drain(signal));`
 */
export function onTermination(handler: (signal: string) => void): Disposable {
  const signals = ["SIGTERM", "SIGINT"] as const;
  for (const signal of signals) process.on(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, handler);
    },
  };
}
