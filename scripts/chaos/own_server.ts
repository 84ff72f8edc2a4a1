import { join } from "node:path";
import { run } from "../services/process.ts";
import { withRedis } from "../../tests/support/redis_faults.ts";
import { kafka } from "../services/kafka.ts";
import { rabbitmq } from "../services/rabbitmq.ts";
import { redis } from "../services/redis.ts";
import {
  type Proxied,
  type RunningService,
  ServiceUnavailableError,
  type Source,
} from "../services/service.ts";

/** The servers there are. */
const services = { rabbitmq, redis, kafka } as const;

/** A server that nobody else uses, so that anything may be done to it. */
export interface OwnServer extends AsyncDisposable {
  readonly url: string;
  /** Where clients are told to come by a proxy, if they go where they are told. */
  readonly proxied?: Proxied;
  /** The folder with all that it writes. */
  readonly dir: string;
  /** Ends it by SIGKILL and starts it again on the same data. */
  kill(): Promise<void>;
  /**
   * A command of `rabbitmqctl`, or one of Redis. Returns what it printed.
   * @throws {Error} it failed.
   */
  ctl(...args: readonly string[]): Promise<string>;
}

/** How an own server is started. */
export interface OwnServerOptions {
  /** @default "rabbitmq" */
  readonly broker?: keyof typeof services;
  readonly signal: AbortSignal;
  /** Takes a line of progress. */
  readonly log: (line: string) => void;
}

/**
 * Starts a server on a port and in a folder of its own.
 * @throws {ServiceUnavailableError} there is neither Docker nor a server installed here.
 */
export async function startOwnServer(
  { broker = "rabbitmq", signal, log }: OwnServerOptions,
): Promise<OwnServer> {
  const folder = await Deno.makeTempDir({ prefix: "proxymq_chaos_" });
  const context = { dir: join(folder, broker), signal, log };
  let source: Source;
  let running: RunningService;
  try {
    source = await findSource(broker, context);
    running = await source.start(context);
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
  const [command = "", ...prefix] = (running.ctl ?? "").split(" ");
  return {
    url: running.url,
    ...(running.proxied ? { proxied: running.proxied } : {}),
    dir: context.dir,
    kill: () => source.restart(running, context, { kill: true }),
    async ctl(...args) {
      if (broker === "redis") {
        return await withRedis(running.url, (send) => send(...args)).then(String);
      }
      const { ok, stdout, stderr } = await run(command, [...prefix, "--quiet", ...args], {
        timeoutMs: 30_000,
      });
      if (!ok) throw new Error(`rabbitmqctl ${args.join(" ")}: ${stderr || stdout}`);
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      await source.stop(running, { ...context, signal: new AbortController().signal });
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The first that starts a server of our own, without installing anything. */
async function findSource(
  broker: keyof typeof services,
  context: Parameters<Source["missing"]>[0],
): Promise<Source> {
  const reasons: string[] = [];
  for (const source of services[broker].sources.filter(({ how }) => how !== "url")) {
    const reason = await source.missing(context);
    if (reason === undefined) return source;
    reasons.push(reason);
  }
  throw new ServiceUnavailableError(`no ${broker} server can be started: ${reasons.join("; ")}`);
}
