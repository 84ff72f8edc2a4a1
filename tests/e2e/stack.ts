import { type DequeuerConfig, manual as dequeuerManual } from "../../dequeuer/config.ts";
import { type Dequeuer, startDequeuer } from "../../dequeuer/dequeuer.ts";
import { type EnqueuerConfig, manual as enqueuerManual } from "../../enqueuer/config.ts";
import { type Enqueuer, startEnqueuer } from "../../enqueuer/enqueuer.ts";
import { loadConfig } from "../../shared/config/config.ts";

/** An HTTP server of a test. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** A microservice that answers with `handler`. */
export function microservice(
  handler: (request: Request) => Response | Promise<Response>,
): TestServer {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Settings of a stack, by their environment variables. */
export type Env = Readonly<Record<string, string>>;

/** An enqueuer in this process, on a port of its own. */
export async function testEnqueuer(env: Env): Promise<Enqueuer & AsyncDisposable> {
  const config: EnqueuerConfig = loadConfig(
    enqueuerManual.variables,
    (name) => ({ ENQUEUER_PORT: "0", ...env })[name],
  );
  const enqueuer = await startEnqueuer(config);
  return {
    ...enqueuer,
    [Symbol.asyncDispose]: () => enqueuer.close(AbortSignal.timeout(2_000)),
  };
}

/** A dequeuer in this process, on a port of its own. */
export async function testDequeuer(env: Env): Promise<Dequeuer & AsyncDisposable> {
  const config: DequeuerConfig = loadConfig(
    dequeuerManual.variables,
    (name) => ({ DEQUEUER_PORT: "0", ...env })[name],
  );
  const dequeuer = await startDequeuer(config);
  return {
    ...dequeuer,
    [Symbol.asyncDispose]: () => dequeuer.close(AbortSignal.timeout(2_000)),
  };
}

/** An enqueuer and a dequeuer around a microservice. */
export interface Stack extends AsyncDisposable {
  readonly enqueuer: Enqueuer;
  readonly dequeuer: Dequeuer;
  /** Where requests for the service go: `http://.../proxy/{service}`. */
  readonly url: string;
}

/** Starts an enqueuer and a dequeuer for one service and waits until both are ready. */
export async function startStack(
  options: {
    readonly brokerUrl: string;
    readonly service: string;
    readonly target: string;
    readonly env?: Env;
  },
): Promise<Stack> {
  const { brokerUrl, service, target } = options;
  const env = {
    BROKER_URL: brokerUrl,
    DEQUEUER_SERVICE: service,
    DEQUEUER_TARGET_URL: target,
    ...options.env,
  };
  await using stack = new AsyncDisposableStack();
  const enqueuer = stack.use(await testEnqueuer(env));
  const dequeuer = stack.use(await testDequeuer(env));
  await Promise.all([enqueuer.ready, dequeuer.ready]);
  const owned = stack.move();
  return {
    enqueuer,
    dequeuer,
    url: `${enqueuer.server.url}/proxy/${service}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
