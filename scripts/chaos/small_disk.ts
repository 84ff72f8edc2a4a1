import { join } from "node:path";
import { run } from "../services/process.ts";

/** A disk that can be full. Disposing of it takes it away. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  /** Leaves not a byte free. */
  fill(): Promise<void>;
  /** Takes back what {@link SmallDisk.fill} has written. */
  free(): Promise<void>;
}

/** Why a small disk cannot be had here, or undefined if it can. */
export async function smallDiskMissing(): Promise<string | undefined> {
  try {
    await using _ = await mountSmallDisk(1);
    return undefined;
  } catch {
    return "mounting a file system takes root on Linux";
  }
}

/**
 * Makes a disk in memory.
 * @throws {Error} it cannot be mounted.
 */
export async function mountSmallDisk(mebibytes: number): Promise<SmallDisk> {
  const folder = await Deno.makeTempDir({ prefix: "proxymq_disk_" });
  const options = ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder];
  const { ok, stderr } = await run("mount", options, { timeoutMs: 5_000 });
  if (!ok) {
    await Deno.remove(folder);
    throw new Error(`mount: ${stderr}`);
  }
  const filler = join(folder, "filler");
  return {
    folder,
    fill: () => fill(filler),
    free: () => Deno.remove(filler),
    async [Symbol.asyncDispose]() {
      const unmounted = await run("umount", [folder], { timeoutMs: 5_000 });
      if (!unmounted.ok) throw new Error(`umount: ${unmounted.stderr}`);
      await Deno.remove(folder);
    },
  };
}

async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, append: true });
  for (let size = 2 ** 20; size >= 1;) {
    try {
      await file.write(new Uint8Array(size));
    } catch {
      size = Math.floor(size / 2);
    }
  }
}
