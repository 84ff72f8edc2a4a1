/** Brings services up and takes them down. The state is kept in `.services/` of the project. */

import { dirname, join } from "node:path";
import { kafka } from "./kafka.ts";
import { rabbitmq } from "./rabbitmq.ts";
import { redis } from "./redis.ts";
import type { Context, RunningService, Service, Source } from "./service.ts";
import { ServiceUnavailableError } from "./service.ts";
import { readState, stateFile, takeLock, writeState } from "./state.ts";

/** Where the services of this project are kept if nothing else is said. */
export const usualRoot = join(import.meta.dirname ?? ".", "..", "..", ".services");

const services: readonly Service[] = [rabbitmq, redis, kafka];

/** The services there are. */
export const serviceNames: readonly string[] = services.map((service) => service.name);

/** How a services command is run. */
export interface Options {
  readonly signal?: AbortSignal;
  /** Takes a line of progress. @default lines on stderr */
  readonly log?: (line: string) => void;
  /**
   * The folder of the services; another one has servers of its own.
   * @default that of the state file in `PROXYMQ_TEST_SERVICES`, or else {@link usualRoot}
   */
  readonly root?: string;
}

/** A service that is up. */
export interface Up extends RunningService {
  readonly name: string;
  /** Whether this call started it, so that its caller is the one to take it down. */
  readonly started: boolean;
  /** The environment variables by which the tests find it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A service and what is known of it. */
export interface Status {
  readonly name: string;
  readonly running?: RunningService;
}

/**
 * Brings services up; one that runs already is left as it is.
 * @throws {ServiceUnavailableError} a service cannot be had here.
 */
export async function up(names: readonly string[], options: Options = {}): Promise<Up[]> {
  using _lock = await lock(options);
  const root = rootOf(options);
  const result: Up[] = [];
  for (const name of names) {
    const service = find(name);
    const context = contextOf(service, options);
    const running = await current(service, context, root);
    const now = running ?? await start(service, context);
    if (now.how !== "url") await writeState(root, { ...await readState(root), [name]: now });
    const environment = {
      ...service.environment(now),
      ...(now.how === "url" ? {} : { PROXYMQ_TEST_SERVICES: stateFile(root) }),
    };
    result.push({ ...now, name, started: !running && now.how !== "url", environment });
  }
  return result;
}

/** Takes down what {@link up} started, whichever process called it. Returns the names of those. */
export async function down(names: readonly string[], options: Options = {}): Promise<string[]> {
  using _lock = await lock(options);
  const root = rootOf(options);
  const stopped: string[] = [];
  for (const name of names) {
    const service = find(name);
    const { [name]: running, ...others } = await readState(root);
    if (!running) continue;
    await sourceOf(service, running).stop(running, contextOf(service, options));
    await writeState(root, others);
    stopped.push(name);
  }
  return stopped;
}

/** What runs. */
export async function status(names: readonly string[], options: Options = {}): Promise<Status[]> {
  return await Promise.all(names.map(async (name) => {
    const service = find(name);
    const running = await current(service, contextOf(service, options), rootOf(options));
    return running ? { name, running } : { name };
  }));
}

/**
 * Stops and starts a server on the same data, at the same URL.
 * @throws {ServiceUnavailableError} it does not run, or is not this project's.
 */
export async function restart(
  name: string,
  { kill = false, ...options }: Options & { readonly kill?: boolean } = {},
): Promise<void> {
  using _lock = await lock(options);
  const service = find(name);
  const running = (await readState(rootOf(options)))[name];
  if (!running) throw new ServiceUnavailableError(`${name} was not started by this project`);
  const context = contextOf(service, options);
  await sourceOf(service, running).restart(running, context, { kill });
}

async function current(
  service: Service,
  context: Context,
  root: string,
): Promise<RunningService | undefined> {
  const known = (await readState(root))[service.name];
  if (!known) return undefined;
  const given = service.given();
  if (given !== undefined && given !== known.url) return undefined;
  return await sourceOf(service, known).isRunning(known, context) ? known : undefined;
}

async function start(service: Service, context: Context): Promise<RunningService> {
  const reasons: string[] = [];
  for (const source of service.sources) {
    const reason = await source.missing(context);
    if (reason === undefined) {
      await Deno.mkdir(context.dir, { recursive: true });
      return await source.start(context);
    }
    reasons.push(reason);
  }
  throw new ServiceUnavailableError(`${service.name} cannot be had: ${reasons.join("; ")}`);
}

function find(name: string): Service {
  const service = services.find((service) => service.name === name);
  if (service) return service;
  throw new ServiceUnavailableError(`no service "${name}"; there is ${serviceNames.join(", ")}`);
}

function sourceOf(service: Service, running: RunningService): Source {
  const source = service.sources.find((source) => source.how === running.how);
  if (source) return source;
  throw new ServiceUnavailableError(`${service.name} runs by "${running.how}", which is unknown`);
}

function contextOf(service: Service, options: Options): Context {
  const log = options.log ?? ((line) => console.error(line));
  return {
    dir: join(rootOf(options), service.name),
    signal: options.signal ?? new AbortController().signal,
    log: (line) => log(`${service.name}: ${line}`),
  };
}

/**
 * Keeps other test runs of this checkout waiting: they share its servers, which a test may
 * restart, and which the run that started them takes down.
 */
export function lockTests(options: Options = {}): Promise<Disposable> {
  return lock(options, "tests.lock", "another test run");
}

function rootOf({ root }: Options): string {
  const state = Deno.env.get("PROXYMQ_TEST_SERVICES");
  return root ?? (state ? dirname(state) : usualRoot);
}

function lock(
  options: Options,
  name = "lock",
  holder = "another services command",
): Promise<Disposable> {
  const { log = (line: string) => console.error(line), signal } = options;
  return takeLock(rootOf(options), name, {
    onWait: () => log(`waiting for ${holder} to end`),
    ...(signal ? { signal } : {}),
  });
}
