/** ProxyMQ in this process, for the demo and the examples. */

import { manual as dequeuerManual } from "../../dequeuer/config.ts";
import { startDequeuer } from "../../dequeuer/dequeuer.ts";
import { manual as enqueuerManual } from "../../enqueuer/config.ts";
import { startEnqueuer } from "../../enqueuer/enqueuer.ts";
import { loadConfig } from "../../shared/config/config.ts";

/** Reads an environment variable. */
export type ReadEnv = (name: string) => string | undefined;

/** Environment variables by name. */
export type Env = Readonly<Record<string, string>>;

/** An enqueuer or a dequeuer that runs. */
export interface Launched extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  /** Resolves when it first is ready. */
  readonly ready: Promise<void>;
}

/** How long what is in flight may take to finish at the end, milliseconds. */
const drainMs = 5_000;

/**
 * An environment in which some variables are fixed, and others have a value where they have none.
 * @param env the one that is asked for all else.
 */
export function layered(
  env: ReadEnv,
  { fixed = {}, suggested = {} }: { readonly fixed?: Env; readonly suggested?: Env },
): ReadEnv {
  return (name) => fixed[name] ?? (env(name) || suggested[name]);
}

/**
 * Starts an enqueuer.
 * @throws {ConfigError} a variable has a bad value.
 */
export async function launchEnqueuer(env: ReadEnv): Promise<Launched> {
  const { server, ready, close } = await startEnqueuer(loadConfig(enqueuerManual.variables, env));
  return launched(server.url, ready, close);
}

/**
 * Starts a dequeuer.
 * @throws {ConfigError} a variable has a bad value.
 */
export async function launchDequeuer(env: ReadEnv): Promise<Launched> {
  const { server, ready, close } = await startDequeuer(loadConfig(dequeuerManual.variables, env));
  return launched(server.url, ready, close);
}

function launched(
  url: string,
  ready: Promise<void>,
  close: (deadline: AbortSignal) => Promise<void>,
): Launched {
  // Whoever waits for it is told.
  ready.catch(() => {});
  return { url, ready, [Symbol.asyncDispose]: () => close(AbortSignal.timeout(drainMs)) };
}
