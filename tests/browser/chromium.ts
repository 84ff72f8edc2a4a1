import { access } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type Browser, chromium } from "playwright-core";
import { aptInstall, aptMissing } from "../../scripts/services/apt.ts";

/** The browser for the tests, or why there is none. */
export type Chromium = { readonly path: string } | { readonly missing: string };

const usualPaths = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

const installLimitMs = 5 * 60_000;

/**
 * Finds the browser at `CHROMIUM_PATH` or at one of its usual places. With `CI=true`, as root on
 * Debian, it is installed if there is none.
 */
export async function ensureChromium(): Promise<Chromium> {
  const named = Deno.env.get("CHROMIUM_PATH");
  if (named) {
    return await exists(named) ? { path: named } : { missing: `CHROMIUM_PATH: no file ${named}` };
  }
  const found = await findChromium();
  if (found) return { path: found };
  if (Deno.env.get("CI") !== "true") {
    return { missing: `none of ${usualPaths.join(", ")} is there; CHROMIUM_PATH names another` };
  }
  const failure = await installChromium();
  const installed = await findChromium();
  return installed ? { path: installed } : { missing: failure ?? "apt-get brought no Chromium" };
}

/** Starts it without a window; its own traffic to the outside is switched off. */
export function launchChromium(path: string): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    timeout: 30_000,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

async function findChromium(): Promise<string | undefined> {
  for (const path of usualPaths) if (await exists(path)) return path;
}

async function installChromium(): Promise<string | undefined> {
  const missing = aptMissing();
  if (missing) return missing;
  try {
    const signal = AbortSignal.timeout(installLimitMs);
    await aptInstall("chromium", { dir: tmpdir(), signal, log: console.error });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false);
}
