/** A microservice that is a process of its own, and knows nothing of ProxyMQ. */

/** A microservice that listens. */
export interface RunningService extends AsyncDisposable {
  /** Its base URL without a slash at the end, as `http://127.0.0.1:8082`. */
  readonly url: string;
  /** Takes no more requests and resolves when those in flight are answered. */
  close(): Promise<void>;
}

/**
 * Serves an app.
 * @throws {Error} it cannot listen there.
 */
export function serveAlone(
  app: { fetch(request: Request): Response | Promise<Response> },
  { host: hostname, port }: { readonly host: string; readonly port: number },
): RunningService {
  const server = listen((request) => app.fetch(request), { hostname, port });
  const close = () => server.shutdown();
  return { url: urlOf(server.addr), close, [Symbol.asyncDispose]: close };
}

function listen(
  handler: Deno.ServeHandler,
  address: { readonly hostname: string; readonly port: number },
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ ...address, onListen() {} }, handler);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot listen on ${address.hostname}:${address.port}: ${reason}`, { cause });
  }
}

function urlOf({ hostname, port }: Deno.NetAddr): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** What is run, and what `--help` says of it. */
export interface Alone<Config> {
  readonly name: string;
  readonly routes: string;
  /** The names of its environment variables. */
  readonly variables: readonly string[];
  /** @throws {Error} naming every variable that is wrong. */
  readonly readConfig: (env: Readonly<Record<string, string | undefined>>) => Config;
  readonly start: (config: Config) => RunningService;
}

/**
 * The whole of its command, until SIGTERM or Ctrl-C. Ends the process if it cannot be run: with 1, or
 * with 2 for a wrong variable.
 */
export async function runAlone<Config>(
  { name, routes, variables, readConfig, start }: Alone<Config>,
): Promise<void> {
  if (Deno.args.includes("--help")) {
    console.log(`${name}: ${routes}. Reads ${variables.join(", ")}.`);
    return;
  }
  const env = Object.fromEntries(variables.map((name) => [name, Deno.env.get(name)]));
  const config = orExit(2, () => readConfig(env));
  await using service = orExit(1, () => start(config));
  console.log(`${name} listens on ${service.url}`);
  await stopSignal();
}

function orExit<T>(code: number, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(code);
  }
}

function stopSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.removeSignalListener(signal, stop);
    resolve();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, stop);
  return promise;
}
