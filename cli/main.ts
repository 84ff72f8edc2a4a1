/**
 * `proxymq`: everything that ProxyMQ does at run time, as one command.
 *
 * @module
 */
import { version } from "../shared/version.ts";

interface Command {
  readonly summary: string;
  /** Loaded when it is called. Returns the exit code, or ends the process itself. */
  readonly run: (command: string, args: readonly string[]) => Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  enqueuer: {
    summary: "takes HTTP requests, puts them into a service's queue, and returns the responses",
    run: async (command, args) => (await import("../enqueuer/main.ts")).main({ command, args }),
  },
  dequeuer: {
    summary: "takes requests from a service's queue, and calls the microservice",
    run: async (command, args) => (await import("../dequeuer/main.ts")).main({ command, args }),
  },
  "dead-letters": {
    summary: "lists, shows, replays, discards, exports and imports dead letters",
    run: async (command, args) => (await import("./dead_letters/main.ts")).main({ command, args }),
  },
  move: {
    summary: "moves what waits for a service from one broker to another",
    run: async (command, args) => (await import("./move/main.ts")).main({ command, args }),
  },
  top: {
    summary: "shows the queues of an enqueuer's services, again and again",
    run: async (command, args) => (await import("./top/main.ts")).main({ command, args }),
  },
};

const help = `A durable queue in front of any HTTP service.

Usage: proxymq COMMAND [--help]

Commands:
${
  Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`).join("\n")
}

  --version, -V   prints the version
  --help, -h      prints this; after a command, what that takes
`;

/**
 * Runs the command that the arguments name, to its end.
 * @returns the exit code: the command's, or 2 if there is no such command.
 */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    console.log(help);
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    console.log(version);
    return 0;
  }
  if (!Object.hasOwn(commands, name)) {
    console.error(
      `proxymq: there is no command ${JSON.stringify(name)}; ` +
        `allowed are ${Object.keys(commands).join(", ")}; see --help`,
    );
    return 2;
  }
  return await commands[name]?.run(`proxymq ${name}`, rest) ?? 0;
}
