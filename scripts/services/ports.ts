import { existsSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "./process.ts";

/**
 * Reserves one free port near each of some ports, all at the same distance, among all the
 * checkouts of this machine: a server that is being restarted leaves its ports free, and nobody
 * else may take them meanwhile.
 *
 * @param owner a folder; when it is gone, so is the reservation.
 * @param registry the folder of the reservations.
 */
export async function reservePorts(
  owner: string,
  near: readonly number[],
  registry: string = join(tmpdir(), `proxymq-ports-${userInfo().uid}`),
): Promise<number[]> {
  await Deno.mkdir(registry, { recursive: true });
  for (let distance = 0; distance < 200; distance++) {
    const ports = near.map((port) => port + distance);
    const file = join(registry, ports.join("-"));
    const holder = await Deno.readTextFile(file).catch(() => undefined);
    if (holder !== undefined && holder !== owner && existsSync(holder)) continue;
    if (holder !== undefined) await Deno.remove(file).catch(() => {});
    if (!await areFree(ports)) continue;
    try {
      await Deno.writeTextFile(file, owner, { createNew: true });
      return ports;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  throw new Error(`the 200 ports from ${near.join(", ")} on are all taken`);
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    if (await freePort(port) !== port) return false;
  }
  return true;
}
