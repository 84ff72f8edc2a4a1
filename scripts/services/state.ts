import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { RunningService } from "./service.ts";

/** The services that this project has started, by name. */
export type State = Readonly<Record<string, RunningService>>;

/** The state file in a services folder. */
export function stateFile(root: string): string {
  return join(root, "state.json");
}

/** Reads the state; a file that is missing or makes no sense is an empty one. */
export async function readState(root: string): Promise<State> {
  const text = await Deno.readTextFile(stateFile(root)).catch(() => "{}");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, RunningService] => isRunning(entry[1])),
  );
}

/** Replaces the state, whole or not at all. */
export async function writeState(root: string, state: State): Promise<void> {
  const file = stateFile(root);
  await Deno.writeTextFile(`${file}.new`, JSON.stringify(state, null, 2) + "\n");
  await Deno.rename(`${file}.new`, file);
}

/**
 * Takes a lock in the services folder. It is the operating system's: it goes with the process,
 * however that ends.
 */
export async function takeLock(
  root: string,
  name: string,
  { onWait, signal }: { readonly onWait: () => void; readonly signal?: AbortSignal },
): Promise<Disposable> {
  await Deno.mkdir(root, { recursive: true });
  const file = await Deno.open(join(root, name), { create: true, write: true });
  try {
    if (await file.tryLock(true)) return file;
    onWait();
    do {
      signal?.throwIfAborted();
      await delay(100);
    } while (!await file.tryLock(true));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

function isRunning(value: unknown): value is RunningService {
  return typeof value === "object" && value !== null &&
    "how" in value && typeof value.how === "string" &&
    "url" in value && typeof value.url === "string";
}
