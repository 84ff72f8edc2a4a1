import { randomBytes } from "node:crypto";
import { join } from "node:path";
import process from "node:process";
import { reservePorts } from "./ports.ts";
import { findCommand, isAlive, killGroup, runDetached, until } from "./process.ts";
import { acceptsRedis } from "./redis_ready.ts";
import type { Context, Source } from "./service.ts";

/** The arguments with which all that a server has confirmed is on disk. */
export const durably = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""] as const;

/** Why none is installed, or undefined if one is. */
export function redisMissing(): string | undefined {
  return findCommand("redis-server") ? undefined : "redis-server is not installed";
}

/** How {@link writeRedis} sets a server up. */
export interface RedisOptions {
  /** Its own folder; everything it writes goes there. */
  readonly dir: string;
  readonly port: number;
}

/** Writes all that a server is run by. @returns where it listens. */
export async function writeRedis({ dir, port }: RedisOptions): Promise<string> {
  // Tells our server from any other that may listen on the port.
  const password = randomBytes(12).toString("hex");
  await Deno.mkdir(join(dir, "data"), { recursive: true });
  await Deno.writeTextFile(
    configFile(dir),
    [
      `bind 127.0.0.1`,
      `port ${port}`,
      `requirepass ${password}`,
      `dir ${join(dir, "data")}`,
      // The command line tells whose process it is.
      `set-proc-title no`,
      ...["appendonly yes", "appendfsync always", 'save ""', ""],
    ].join("\n"),
  );
  return `redis://:${password}@127.0.0.1:${port}/0`;
}

/**
 * Starts a server, and resolves when it takes commands.
 * @throws {Error} it ended, or takes none in time; it is killed then.
 */
export async function bootRedis(url: string, { dir, signal, log }: Context): Promise<void> {
  const output = join(dir, "output.log");
  const pid = runDetached(findCommand("redis-server") ?? "", [configFile(dir)], output);
  await Deno.writeTextFile(join(dir, "server.pid"), `${pid}`);
  try {
    await until(async () => {
      if (await acceptsRedis(url)) return true;
      if (await redisPid(dir) !== undefined) return false;
      const text = await Deno.readTextFile(output).catch(() => "");
      throw new Error(`redis-server ended: ${text.trim().split("\n").slice(-3).join(" | ")}`);
    }, {
      what: "Redis taking commands",
      timeoutMs: 30_000,
      signal,
      onWait: (seconds) => log(`starting (${seconds} s)`),
    });
  } catch (error) {
    killGroup(pid);
    throw error;
  }
}

/** The server's process, if it lives. */
export async function redisPid(dir: string): Promise<number | undefined> {
  const pid = Number(await Deno.readTextFile(join(dir, "server.pid")).catch(() => "0"));
  return pid > 0 && await isAlive(pid, configFile(dir)) ? pid : undefined;
}

/** Ends a server, if it runs. @param kill by SIGKILL at once, else only if it does not stop. */
export async function haltRedis(dir: string, kill: boolean): Promise<void> {
  const pid = await redisPid(dir);
  if (pid === undefined) return;
  const gone = () =>
    until(async () => await redisPid(dir) === undefined, {
      what: "Redis ending",
      timeoutMs: 10_000,
    });
  if (!kill) {
    process.kill(pid, "SIGTERM");
    if (await gone().then(() => true, () => false)) return;
  }
  killGroup(pid);
  await gone();
}

/** A server of our own, run by the Redis that is installed on this machine. */
export const installedRedis: Source = {
  how: "installed",
  missing: () => Promise.resolve(redisMissing()),

  async start(context) {
    const { dir } = context;
    // A command that was killed may have left a server that no state tells of.
    await haltRedis(dir, true);
    await Deno.remove(dir, { recursive: true }).catch(() => {});
    for (let tries = 1;; tries++) {
      await Deno.mkdir(dir, { recursive: true });
      const [port = 0] = await reservePorts(dir, [6_389]);
      const url = await writeRedis({ dir, port });
      context.log(`starting on port ${port}`);
      try {
        await bootRedis(url, context);
        return { how: "installed", url };
      } catch (error) {
        // Somebody else may have taken the port that was free just now.
        if (tries === 3 || context.signal.aborted) throw error;
      }
    }
  },

  async isRunning({ url }, { dir }) {
    return await redisPid(dir) !== undefined && await acceptsRedis(url);
  },

  async stop(_service, { dir }) {
    await haltRedis(dir, false);
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  },

  async restart({ url }, context, { kill }) {
    await haltRedis(context.dir, kill);
    await bootRedis(url, context);
  },
};

function configFile(dir: string): string {
  return join(dir, "redis.conf");
}
