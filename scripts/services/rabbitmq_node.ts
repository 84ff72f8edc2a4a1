import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { acceptsAmqp } from "./amqp_ready.ts";
import { findCommand, isAlive, killGroup, run, runDetached, until } from "./process.ts";
import type { Context } from "./service.ts";

// Debian's command in /usr/sbin changes to a user of its own, who cannot write in our folder.
const folders = [
  "/usr/lib/rabbitmq/bin",
  "/opt/homebrew/opt/rabbitmq/sbin",
  "/usr/local/opt/rabbitmq/sbin",
];

/** The folder of the RabbitMQ that the tests are to run against, for other versions than ours. */
export const chosenRabbitmq = (): string | undefined => Deno.env.get("TEST_RABBITMQ_BIN");

/** The folder of RabbitMQ's commands: the chosen one, or else one that is installed. */
export function findRabbitmq(): string | undefined {
  const chosen = chosenRabbitmq();
  if (chosen) return existsSync(join(chosen, "rabbitmq-server")) ? chosen : undefined;
  const server = findCommand("rabbitmq-server", [...folders, "/usr/local/sbin", "/usr/sbin"]);
  return server === undefined ? undefined : dirname(server);
}

/** Why there is none, or undefined if there is one. */
export function rabbitmqMissing(): string | undefined {
  if (findRabbitmq()) return undefined;
  return chosenRabbitmq()
    ? "there is no rabbitmq-server in the folder TEST_RABBITMQ_BIN"
    : "rabbitmq-server is not installed";
}

/** How a node is set up. */
export interface NodeOptions {
  /** Its own folder; everything it writes goes there. */
  readonly dir: string;
  /** E.g. `proxymq-test@localhost`; unique at its port mapper. */
  readonly name: string;
  readonly port: number;
  readonly distPort: number;
  /** Of its port mapper, which those of one cluster share. */
  readonly epmdPort: number;
  /** Tells our server from any other that may listen on the port. */
  readonly clusterName: string;
  /** The secret that those of one cluster share. @default one of its own */
  readonly cookie?: string;
}

/** The folder of a node, and the files in it that others use. */
export function nodeFiles(dir: string) {
  return {
    environment: join(dir, "environment"),
    server: join(dir, "server"),
    /** A command that administers this node. */
    ctl: join(dir, "rabbitmqctl"),
    leader: join(dir, "leader.pid"),
    output: join(dir, "log", "output.log"),
  };
}

/** Writes all that a node is run by. */
export async function writeNode(options: NodeOptions): Promise<void> {
  const { dir, name, port, distPort, epmdPort, clusterName, cookie } = options;
  const files = nodeFiles(dir);
  const bin = findRabbitmq() ?? "";
  for (const folder of ["home", "data", "log"]) {
    await Deno.mkdir(join(dir, folder), { recursive: true });
  }
  // Where there is none, Erlang makes one.
  if (cookie) {
    await Deno.writeTextFile(join(dir, "home", ".erlang.cookie"), cookie, { mode: 0o400 });
  }
  await Deno.writeTextFile(join(dir, "enabled_plugins"), "[].\n");
  await Deno.writeTextFile(
    join(dir, "rabbitmq.conf"),
    `listeners.tcp.1 = 127.0.0.1:${port}\ndisk_free_limit.absolute = 50MB\n` +
      `cluster_name = ${clusterName}\n`,
  );
  const variables = {
    HOME: join(dir, "home"),
    RABBITMQ_NODENAME: name,
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

/**
 * Starts a node, and resolves when it accepts connections.
 * @param url where it listens.
 * @param clusterName what it is called then.
 * @throws {Error} it ended, or does not accept connections in time; it is killed then.
 */
export async function bootNode(
  url: string,
  clusterName: string,
  { dir, signal, log }: Context,
): Promise<void> {
  const files = nodeFiles(dir);
  const pid = runDetached(files.server, [], files.output);
  await Deno.writeTextFile(files.leader, `${pid}`);
  try {
    await until(async () => {
      if (await acceptsAmqp(url, clusterName)) return true;
      if (await nodeLeader(dir) !== undefined) return false;
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

/** The process that leads a node's group, if it lives. */
export async function nodeLeader(dir: string): Promise<number | undefined> {
  const files = nodeFiles(dir);
  const pid = Number(await Deno.readTextFile(files.leader).catch(() => "0"));
  return pid > 0 && await isAlive(pid, files.server) ? pid : undefined;
}

/**
 * Ends a node, if it runs.
 * @param kill by SIGKILL at once; else only where it does not stop by itself.
 */
export async function haltNode(dir: string, kill: boolean): Promise<void> {
  const pid = await nodeLeader(dir);
  if (pid === undefined) return;
  const isGone = async () => await nodeLeader(dir) === undefined;
  if (!kill) {
    await run(nodeFiles(dir).ctl, ["stop"], { timeoutMs: 20_000 });
    const gone = until(isGone, { what: "RabbitMQ ending", timeoutMs: 10_000 });
    if (await gone.then(() => true, () => false)) return;
  }
  killGroup(pid);
  await until(isGone, { what: "RabbitMQ ending", timeoutMs: 10_000 });
}

/** Ends a node's port mapper, which refuses until it has seen that its last node is gone. */
export async function stopEpmd(dir: string): Promise<void> {
  const { environment } = nodeFiles(dir);
  const script = `[ -f '${environment}' ] || exit 0; . '${environment}'
    epmd -names >/dev/null || exit 0; epmd -kill`;
  await until(async () => {
    const { ok } = await run("sh", ["-c", script], { timeoutMs: 5_000 });
    return ok;
  }, { what: "epmd ending", timeoutMs: 15_000 }).catch(() => {});
}

async function writeScript(file: string, body: string): Promise<void> {
  await Deno.writeTextFile(file, `#!/bin/sh\n${body}`, { mode: 0o755 });
}

async function tail(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "");
  return text.trim().split("\n").slice(-5).join(" | ");
}
