import { stdoutIsTerminal } from "../../shared/runtime.ts";
import { pause } from "../../shared/waiting.ts";
import type { Arguments } from "./arguments.ts";
import { type Look, look, RefusedError } from "./look.ts";
import { Screen } from "./screen.ts";
import { view } from "./view.ts";

/**
 * Shows what the enqueuer says, until the user leaves.
 * @returns the exit code.
 */
export async function run(given: Arguments, interrupt: AbortSignal): Promise<number> {
  if (given.once) {
    console.log(view(await look(given, interrupt)).join("\n"));
    return 0;
  }
  const quit = new AbortController();
  const signal = AbortSignal.any([interrupt, quit.signal]);
  using screen = stdoutIsTerminal() ? new Screen(() => quit.abort()) : undefined;
  let [lines, before]: [readonly string[], Look | undefined] = [[], undefined];
  while (!signal.aborted) {
    let trouble = "";
    try {
      const now = await look(given, signal);
      lines = view(now, before);
      before = now;
      if (!screen) console.log(`${lines.join("\n")}\n`);
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof RefusedError) throw error;
      trouble = error instanceof Error ? error.message : String(error);
      if (!screen) console.error(`top: ${trouble}`);
    }
    screen?.show([
      `${given.url}  ${new Date().toLocaleTimeString()}  q ends`,
      trouble,
      ...lines,
    ]);
    await pause(given.everyMs, signal);
  }
  return 0;
}
