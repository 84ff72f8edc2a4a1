import { createApp } from "./app.ts";
import { ConfigError, type EmbedderConfig, readConfig, variables } from "./config.ts";

/** An embedder that runs. */
export interface RunningEmbedder extends AsyncDisposable {
  readonly url: string;
  /** Ends it, after the requests that are under way. */
  close(): Promise<void>;
}

/** Starts an embedder. What is not told is as {@link EmbedderConfig} says. */
export function startEmbedder(options: Partial<EmbedderConfig> = {}): RunningEmbedder {
  const { port, host: hostname } = { ...readConfig({}), ...options };
  const server = Deno.serve({ port, hostname, onListen() {} }, createApp().fetch);
  const close = () => server.shutdown();
  return { url: urlOf(server.addr), close, [Symbol.asyncDispose]: close };
}

function urlOf({ hostname, port }: Deno.NetAddr): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

async function main(): Promise<void> {
  if (Deno.args.includes("--help")) {
    console.log(
      `embedder: POST /embed, POST /batch, GET /health. Reads ${variables.join(", ")}.`,
    );
    return;
  }
  const embedder = startEmbedder(
    readConfig(Object.fromEntries(variables.map((name) => [name, Deno.env.get(name)]))),
  );
  console.log(`embedder listens on ${embedder.url}`);
  await stopSignal();
  await embedder.close();
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
