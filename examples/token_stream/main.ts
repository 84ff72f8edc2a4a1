import { createApp } from "./app.ts";
import { ConfigError, readConfig, type TokenStreamConfig, variables } from "./config.ts";

/** A token-stream that runs. */
export interface RunningTokenStream extends AsyncDisposable {
  readonly url: string;
  /** Ends it, after the requests that are under way. */
  close(): Promise<void>;
}

/** Starts a token-stream. What is not told is as {@link TokenStreamConfig} says. */
export function startTokenStream(options: Partial<TokenStreamConfig> = {}): RunningTokenStream {
  const { port, host: hostname, paceMs } = { ...readConfig({}), ...options };
  const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const server = Deno.serve({ port, hostname, onListen() {} }, createApp({ paceMs, wait }).fetch);
  const close = () => server.shutdown();
  return { url: urlOf(server.addr), close, [Symbol.asyncDispose]: close };
}

function urlOf({ hostname, port }: Deno.NetAddr): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

async function main(): Promise<void> {
  if (Deno.args.includes("--help")) {
    console.log(
      `token-stream: POST /generate, GET /health. Reads ${variables.join(", ")}.`,
    );
    return;
  }
  const service = startTokenStream(
    readConfig(Object.fromEntries(variables.map((name) => [name, Deno.env.get(name)]))),
  );
  console.log(`token-stream listens on ${service.url}`);
  await stopSignal();
  await service.close();
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

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}
