import { existsSync } from "node:fs";
import process from "node:process";
import { run } from "./process.ts";
import type { Context } from "./service.ts";

const policyFile = "/usr/sbin/policy-rc.d";

/** Why nothing can be installed with apt-get here, or undefined if it can. */
export function aptMissing(): string | undefined {
  if (!existsSync("/usr/bin/apt-get")) return "there is no apt-get to install it";
  return process.getuid?.() === 0 ? undefined : "installing it with apt-get takes root";
}

/**
 * Installs a Debian package without starting the services in it.
 * @throws {Error} apt-get fails, or takes more than ten minutes.
 */
export async function aptInstall(name: string, { signal, log }: Context): Promise<void> {
  const start = performance.now();
  let step = "update";
  const progress = setInterval(() => {
    log(`apt-get ${step} (${Math.round((performance.now() - start) / 1000)} s)`);
  }, 10_000);
  const aptGet = async (args: readonly string[]) => {
    log(`apt-get ${step}`);
    const { ok, stdout, stderr } = await run("apt-get", [
      ...["-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3", "--quiet", "--yes"],
      ...args,
    ], { timeoutMs: 300_000, signal, env: { DEBIAN_FRONTEND: "noninteractive" } });
    if (!ok) throw new Error(`apt-get ${step}: ${lastLines(stderr || stdout)}`);
  };
  // invoke-rc.d asks this file whether a package may start its service; 101 forbids it.
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) await Deno.writeTextFile(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await aptGet(["update"]);
    step = `install ${name}`;
    await aptGet(["install", "--no-install-recommends", name]);
  } finally {
    clearInterval(progress);
    if (ownPolicy) await Deno.remove(policyFile);
  }
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-5).join(" | ");
}
