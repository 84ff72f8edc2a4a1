/** A server that the tests need, and the ways to have one. */

/** What a source works with. */
export interface Context {
  /** The service's own folder; everything it writes goes there. */
  readonly dir: string;
  /** Aborts a start that is under way. */
  readonly signal: AbortSignal;
  /** Takes a line of progress. */
  readonly log: (line: string) => void;
}

/** A service that runs, as kept in the state file. */
export interface RunningService {
  /** The name of the {@link Source} that it comes from. */
  readonly how: string;
  readonly url: string;
  /** A command prefix that administers the server, e.g. a path of `rabbitmqctl`. */
  readonly ctl?: string;
  /** The container's name. */
  readonly container?: string;
  /** Where a server that tells its clients where to go listens for those that come by a proxy. */
  readonly proxied?: Proxied;
}

/** Ports of this machine for clients that come by a proxy. */
export interface Proxied {
  /** Where the server listens for them. */
  readonly port: number;
  /** Where it sends them: the proxy is to listen there. */
  readonly proxyPort: number;
}

/** One way to have a service. */
export interface Source {
  readonly how: string;
  /** Why it cannot be had this way here, or undefined if it can. */
  missing(context: Context): Promise<string | undefined>;
  /** Starts it, empty, and resolves when it accepts connections. */
  start(context: Context): Promise<RunningService>;
  isRunning(service: RunningService, context: Context): Promise<boolean>;
  /** Stops it and leaves nothing running. */
  stop(service: RunningService, context: Context): Promise<void>;
  /** Stops and starts the server on the same data, at the same URL. */
  restart(
    service: RunningService,
    context: Context,
    options: { readonly kill: boolean },
  ): Promise<void>;
}

/** A server that the tests need. */
export interface Service {
  readonly name: string;
  /** The ways to have it, the best first. */
  readonly sources: readonly Source[];
  /** The URL of a server that the environment gives, which then is the one to use. */
  given(): string | undefined;
  /** The environment variables by which the tests find it. */
  environment(service: RunningService): Record<string, string>;
}

/** A service cannot be had here; the message says why, for each way that was looked at. */
export class ServiceUnavailableError extends Error {
  override name = "ServiceUnavailableError";
}
