import { join } from "node:path";
import { startDequeuer, startEnqueuer } from "../../../tests/process/service_process.ts";
import { run } from "../../services/process.ts";
import { type Script, type ScriptOptions, startScript } from "../script.ts";

const project = join(import.meta.dirname ?? ".", "..", "..", "..");
const patience = { timeoutMs: 60_000 };

/** What the variants stand between, and on. */
export interface Scene {
  /** The microservice's URL. */
  readonly target: string;
  /** A RabbitMQ that nobody else uses. */
  readonly amqpUrl: string;
  /** An empty folder. */
  readonly folder: string;
  /** How many calls the microservice is to get at once at most; undefined for the default. */
  readonly concurrency?: number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** One way for a request to the microservice and back. */
export interface Variant {
  readonly name: VariantName;
  /** Whether the broker's server has a part in it. */
  readonly usesServer: boolean;
  /** Processes whose CPU and memory are its own. */
  readonly pids: readonly number[];
  /**
   * Starts callers, so many at once for so many milliseconds; prints what they saw.
   * @param bytes the size of their bodies. @default a few
   */
  call(connections: number, ms: number, bytes?: number): Script;
}

/** The names of the variants, in the order of the table. */
export const names = {
  direct: "no hop at all: the microservice itself",
  hono: "a plain Hono reverse proxy, no queue",
  bare: "bare AMQP call and reply, no HTTP (amqp-client)",
  handwritten: "amqplib and Fastify, hand-written with care",
  quorum: "ProxyMQ over RabbitMQ (quorum, the default)",
  classic: "ProxyMQ over RabbitMQ (classic)",
  sqlite: "ProxyMQ over SQLite, two processes",
  embedded: "ProxyMQ over SQLite, one process",
} as const;

/** A variant by its short name. */
export type VariantName = keyof typeof names;

/** Starts a variant. What it starts is the stack's. */
export async function startVariant(
  name: VariantName,
  scene: Scene,
  stack: AsyncDisposableStack,
): Promise<Variant> {
  const { signal, target, amqpUrl } = scene;
  const script = (path: string, args: readonly string[], options?: ScriptOptions) =>
    stack.use(startScript(join(project, path), args, signal, options));
  const http = (url: string, pids: readonly number[], usesServer: boolean): Variant => ({
    name,
    pids,
    usesServer,
    call: (connections, ms, bytes) =>
      startScript(
        join(
          project,
          "scripts/bench",
          bytes === undefined ? "compare/load.ts" : "bodies/caller.ts",
        ),
        [url, String(connections), String(ms), ...(bytes === undefined ? [] : [String(bytes)])],
        signal,
      ),
  });
  switch (name) {
    case "direct":
      return http(`${target}/`, [], false);
    case "hono": {
      const proxy = script("bench/hono_proxy.ts", [target]);
      const [port] = await proxy.lines(1);
      return http(`http://127.0.0.1:${port}/`, [proxy.pid], false);
    }
    case "bare": {
      const queue = "bench_bare";
      const worker = script("bench/bare_amqp/worker.ts", [amqpUrl, queue]);
      await worker.lines(1);
      return {
        name,
        // The callers are its front, and no longer there when they are looked at.
        pids: [worker.pid],
        usesServer: true,
        call: (...numbers) =>
          startScript(
            join(project, "bench/bare_amqp/caller.ts"),
            [amqpUrl, queue, ...numbers.map(String)],
            signal,
          ),
      };
    }
    case "handwritten": {
      const cwd = await installHandwritten(scene);
      const by = ["node"] as const;
      const start = (file: string, args: readonly string[]) =>
        stack.use(startScript(join(cwd, file), args, signal, { by: [...by], cwd }));
      const queue = "bench_handwritten";
      const { concurrency = 100 } = scene;
      const worker = start("worker.mjs", [amqpUrl, queue, target, String(concurrency)]);
      const front = start("front.mjs", [amqpUrl, queue]);
      const [[port]] = await Promise.all([front.lines(1), worker.lines(1)]);
      return http(`http://127.0.0.1:${port}/`, [front.pid, worker.pid], true);
    }
    case "quorum":
    case "classic":
      return await proxymq({ BROKER_URL: amqpUrl, RABBITMQ_QUEUE_TYPE: name });
    case "sqlite":
      return await proxymq({ BROKER_URL: `sqlite:${join(scene.folder, "two.db")}` });
    case "embedded": {
      const env = settings({ BROKER_URL: `sqlite:${join(scene.folder, "one.db")}` });
      const both = script("scripts/bench/compare/one_process.ts", [], {
        // As the tasks do.
        by: [Deno.execPath(), "run", "-A", "--v8-flags=--no-memory-reducer"],
        env: { ...env, ENQUEUER_PORT: "0", DEQUEUER_PORT: "0", LOG_LEVEL: "warning" },
      });
      const [url] = await both.lines(1);
      return http(`${url}/proxy/bench-embedded/`, [both.pid], false);
    }
  }

  function settings(env: Record<string, string>): Record<string, string> {
    const { concurrency } = scene;
    return {
      ...env,
      ENQUEUER_SERVICES: `bench-${name}`,
      DEQUEUER_SERVICE: `bench-${name}`,
      DEQUEUER_TARGET_URL: target,
      ...(concurrency === undefined ? {} : { DEQUEUER_CONCURRENCY: String(concurrency) }),
    };
  }

  async function proxymq(env: Record<string, string>): Promise<Variant> {
    const all = settings(env);
    const enqueuer = stack.use(startEnqueuer(all));
    const dequeuer = stack.use(startDequeuer(all));
    const [url] = await Promise.all([enqueuer.ready(patience), dequeuer.ready(patience)]);
    const usesServer = name !== "sqlite";
    return http(`${url}/proxy/bench-${name}/`, [enqueuer.pid, dequeuer.pid], usesServer);
  }
}

/** Installs what the hand-written one needs, in a folder of its own. @returns the folder. */
async function installHandwritten({ folder, signal, log }: Scene): Promise<string> {
  const cwd = join(folder, "handwritten");
  await Deno.mkdir(cwd, { recursive: true });
  const from = join(project, "bench", "handwritten");
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(join(from, name), join(cwd, name));
  }
  log("npm install for the hand-written one");
  const install = ["install", "--prefix", cwd, "--no-audit", "--no-fund", "--loglevel=error"];
  const { ok, stderr } = await run("npm", install, { timeoutMs: 300_000, signal });
  if (!ok) throw new Error(`npm install: ${stderr.trim()}`);
  return cwd;
}
