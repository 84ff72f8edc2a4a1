/** A Node that is new enough, and npm. */

import { join } from "node:path";
import { run } from "../../scripts/npm/files.ts";

/** What is installed where this machine's Node is older. */
const nodeVersion = "22.23.3";
const oldest = [22, 22];

const project = join(import.meta.dirname ?? ".", "..", "..");
/** The registry's package of Node for this platform: what its package `node` installs as well. */
const nodePackage = `node-${Deno.build.os === "windows" ? "win" : Deno.build.os}-${
  Deno.build.arch === "aarch64" ? "arm64" : "x64"
}`;
const cache = join(project, ".services", `node-${nodeVersion}`);

/** Why packages cannot be installed here, or undefined if they can. */
export async function missingRegistry(): Promise<string | undefined> {
  try {
    await npm(["view", `${nodePackage}@${nodeVersion}`, "version", "--prefer-offline"]);
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? "npm is not on this machine"
      : "npm's registry does not answer";
  }
}

/** Runs npm. @throws {Error} with what it printed. */
export function npm(args: readonly string[], cwd: string = project): Promise<string> {
  return run(Deno.build.os === "windows" ? "npm.cmd" : "npm", args, { cwd });
}

/** Where a Node is that is new enough: this machine's, or one that is installed for the tests. */
export async function findNode(): Promise<string> {
  const own = await run("node", ["--version"]).catch(() => "");
  if (isNewEnough(own)) return "node";
  const installed = join(cache, "node_modules", nodePackage, "bin", "node");
  const there = await Deno.stat(installed).catch(() => undefined);
  if (!there) {
    await Deno.mkdir(cache, { recursive: true });
    await npm(["install", "--prefix", cache, "--no-save", `${nodePackage}@${nodeVersion}`]);
  }
  return installed;
}

/** Whether it is one that the package supports. */
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.replace("v", "").split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
