import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { acceptsAmqp } from "./amqp_ready.ts";
import { findCommand, isAlive, killGroup, run, runDetached, until } from "./process.ts";
import { reservePorts } from "./ports.ts";
import type { Context, Source } from "./service.ts";

const node = "proxymq-test@localhost";

// Debian's command in /usr/sbin changes to a user of its own, who cannot write in our folder.
const folders = [
  "/usr/lib/rabbitmq/bin",
  "/opt/homebrew/opt/rabbitmq/sbin",
  "/usr/local/opt/rabbitmq/sbin",
];

/** The folder of RabbitMQ's commands, if it is installed. */
export function findRabbitmq(): string | undefined {
  const server = findCommand("rabbitmq-server", [...folders, "/usr/local/sbin", "/usr/sbin"]);
  return server === undefined ? undefined : dirname(server);
}

/** A server of our own, run by the RabbitMQ that is installed on this machine. */
export const installedRabbitmq: Source = {
  how: "installed",
  missing: () => Promise.resolve(findRabbitmq() ? undefined : "rabbitmq-server is not installed"),

  async start(context) {
    const files = filesOf(context.dir);
    // A command that was killed may have left a server that no state tells of.
    const left = await leader(context.dir);
    if (left !== undefined) killGroup(left);
    if (existsSync(files.environment)) await stopEpmd(context.dir);
    await Deno.remove(context.dir, { recursive: true }).catch(() => {});

    for (let tries = 1;; tries++) {
      await Deno.mkdir(context.dir, { recursive: true });
      const near = [5_679, 25_679, 4_679];
      const [port = 0, distPort = 0, epmdPort = 0] = await reservePorts(context.dir, near);
      await writeFiles(context.dir, { port, distPort, epmdPort });
      context.log(`starting on port ${port}`);
      const url = `amqp://guest:guest@127.0.0.1:${port}/`;
      try {
        await boot(url, context);
        return { how: "installed", url, ctl: files.ctl };
      } catch (error) {
        await stopEpmd(context.dir);
        // Somebody else may have taken the port that was free just now.
        if (tries === 3 || context.signal.aborted) throw error;
      }
    }
  },

  async isRunning({ url }, { dir }) {
    return await leader(dir) !== undefined && await acceptsAmqp(url, clusterNameOf(dir));
  },

  async stop(_service, { dir }) {
    await halt(dir, false);
    await stopEpmd(dir);
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  },

  async restart({ url }, context, { kill }) {
    await halt(context.dir, kill);
    await boot(url, context);
  },
};

function filesOf(dir: string) {
  return {
    environment: join(dir, "environment"),
    server: join(dir, "server"),
    ctl: join(dir, "rabbitmqctl"),
    leader: join(dir, "leader.pid"),
    output: join(dir, "log", "output.log"),
  };
}

/** Tells our server from any other that may listen on the port. */
function clusterNameOf(dir: string): string {
  return `proxymq-${createHash("sha256").update(dir).digest("hex").slice(0, 16)}`;
}

interface Ports {
  readonly port: number;
  readonly distPort: number;
  readonly epmdPort: number;
}

async function writeFiles(dir: string, { port, distPort, epmdPort }: Ports): Promise<void> {
  const files = filesOf(dir);
  const bin = findRabbitmq() ?? "";
  for (const folder of ["home", "data", "log"]) {
    await Deno.mkdir(join(dir, folder), { recursive: true });
  }
  await Deno.writeTextFile(join(dir, "enabled_plugins"), "[].\n");
  await Deno.writeTextFile(
    join(dir, "rabbitmq.conf"),
    `listeners.tcp.1 = 127.0.0.1:${port}\ndisk_free_limit.absolute = 50MB\n` +
      `cluster_name = ${clusterNameOf(dir)}\n`,
  );
  const variables = {
    // The Erlang cookie is made in HOME.
    HOME: join(dir, "home"),
    RABBITMQ_NODENAME: node,
    RABBITMQ_CONF_ENV_FILE: join(dir, "none"),
    RABBITMQ_CONFIG_FILE: join(dir, "rabbitmq.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, "enabled_plugins"),
    RABBITMQ_MNESIA_BASE: join(dir, "data"),
    RABBITMQ_LOG_BASE: join(dir, "log"),
    RABBITMQ_DIST_PORT: `${distPort}`,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    // A port mapper of our own, so that we may stop it, and any checkout may use the node's name.
    ERL_EPMD_PORT: `${epmdPort}`,
    ERL_EPMD_ADDRESS: "127.0.0.1",
    ERL_CRASH_DUMP: join(dir, "log", "erl_crash.dump"),
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`);
  await Deno.writeTextFile(files.environment, lines.join(""));
  await writeScript(files.ctl, `. '${files.environment}'\nexec '${bin}/rabbitmqctl' "$@"\n`);
  // Not exec: the leader of the group keeps this script's name on its command line.
  await writeScript(files.server, `. '${files.environment}'\n'${bin}/rabbitmq-server'\nexit $?\n`);
}

async function writeScript(file: string, body: string): Promise<void> {
  await Deno.writeTextFile(file, `#!/bin/sh\n${body}`, { mode: 0o755 });
}

/** The process that leads the server's group, if it lives. */
async function leader(dir: string): Promise<number | undefined> {
  const files = filesOf(dir);
  const pid = Number(await Deno.readTextFile(files.leader).catch(() => "0"));
  return pid > 0 && await isAlive(pid, files.server) ? pid : undefined;
}

async function boot(url: string, { dir, signal, log }: Context): Promise<void> {
  const files = filesOf(dir);
  const pid = runDetached(files.server, [], files.output);
  await Deno.writeTextFile(files.leader, `${pid}`);
  try {
    await until(async () => {
      if (await acceptsAmqp(url, clusterNameOf(dir))) return true;
      if (await leader(dir) !== undefined) return false;
      throw new Error(`rabbitmq-server ended at once: ${await tail(files.output)}`);
    }, {
      what: "RabbitMQ accepting connections",
      timeoutMs: 90_000,
      signal,
      onWait: (seconds) => log(`starting (${seconds} s)`),
    });
  } catch (error) {
    killGroup(pid);
    throw error;
  }
}

async function halt(dir: string, kill: boolean): Promise<void> {
  const pid = await leader(dir);
  if (pid === undefined) return;
  const isGone = async () => await leader(dir) === undefined;
  if (!kill) {
    await run(filesOf(dir).ctl, ["stop"], { timeoutMs: 20_000 });
    const gone = until(isGone, { what: "RabbitMQ ending", timeoutMs: 10_000 });
    if (await gone.then(() => true, () => false)) return;
  }
  killGroup(pid);
  await until(isGone, { what: "RabbitMQ ending", timeoutMs: 10_000 });
}

/** epmd refuses to end until it has seen that its last node is gone. */
async function stopEpmd(dir: string): Promise<void> {
  const script = `. '${filesOf(dir).environment}'; epmd -names >/dev/null && epmd -kill`;
  await until(async () => {
    const { stdout, ok } = await run("sh", ["-c", script], { timeoutMs: 5_000 });
    return !ok || stdout.includes("Killed");
  }, { what: "epmd ending", timeoutMs: 5_000 }).catch(() => {});
}

async function tail(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "");
  return text.trim().split("\n").slice(-5).join(" | ");
}
