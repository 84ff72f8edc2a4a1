import { backoffMs, pause, within } from "../../waiting.ts";
import { BrokerUnavailableError } from "../errors.ts";
import { type Argument, type Client, makeClient, type Reply } from "./client.ts";
import { brokerError } from "./redis_error.ts";
import type { Target } from "./url.ts";

/** The most that a connection may take until it is ready. */
const connectTimeoutMs = 5000;
/** The most that is waited between two tries. */
const mostPauseMs = 5000;
/** A connection that lasted this long is no part of a series of failures. */
const stableAfterMs = 5000;
const tickMs = 1000;
/** So many ticks with a command unanswered and nothing heard mean that the connection is dead. */
const deadAfterTicks = 8;

/** How a connection is kept. */
export interface ConnectionOptions {
  readonly target: Target;
  /** As operators see it. */
  readonly name: string;
  /** Readies a new connection before anybody gets it. Its failure fails the connection. */
  readonly setUp?: (client: Client) => Promise<void>;
  /** Told of a connection that is ready, and of its loss. */
  readonly onChange: () => void;
  /** The most that a command may keep the server waiting by itself, milliseconds. @default 0 */
  readonly blocksMs?: number;
}

/**
 * One connection that is renewed for ever, until it is closed. While there is none, commands
 * reject at once; one that is not answered ends the connection.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #client: Client | undefined;
  #starting = true;
  readonly #tried = Promise.withResolvers<void>();
  #trouble = "connecting";
  #pausing: AbortController | undefined;
  #becameReady = Promise.withResolvers<void>();
  #lost = Promise.withResolvers<Error>();
  #unanswered = 0;
  #answers = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  /** Whether it was closed for good. */
  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Whether the first try is still under way. */
  get starting(): boolean {
    return this.#starting;
  }

  /** What stands in the way while there is none. */
  get trouble(): string {
    return this.#trouble;
  }

  /** Its client, for what is no command. */
  get client(): Client | undefined {
    return this.#client;
  }

  /**
   * Waits for the connection.
   * @throws the signal's reason, or {@link BrokerUnavailableError} when it is closed for good.
   */
  ready(signal?: AbortSignal): Promise<void> {
    if (this.#client) return Promise.resolve();
    return within(this.#becameReady.promise, { signals: [signal, this.#closing.signal] });
  }

  /**
   * The client, if need be after the first try to connect.
   * @throws {BrokerUnavailableError} not connected.
   */
  async firstTry(): Promise<Client> {
    if (this.#starting) await this.#tried.promise;
    if (this.#client) return this.#client;
    throw new BrokerUnavailableError(
      this.closed ? "the broker handle is closed" : `not connected: ${this.#trouble}`,
    );
  }

  /**
   * Sends a command, if need be after the first try to connect.
   * @throws {BrokerUnavailableError} not connected, or the connection is lost before the answer.
   */
  async send(args: readonly Argument[]): Promise<Reply> {
    const client = this.#client ?? await this.firstTry();
    this.#unanswered++;
    try {
      return await client.send(args);
    } catch (error) {
      throw brokerError(error);
    } finally {
      if (client === this.#client) {
        this.#unanswered--;
        this.#answers++;
      }
    }
  }

  /** Ends a pause between two tries: the server was seen to be there. */
  hurry(): void {
    this.#pausing?.abort();
  }

  /** Ends the connection that there is; another one follows. */
  drop(error: Error): void {
    this.#lost.resolve(error);
  }

  /** Closes it for good. */
  async close(): Promise<void> {
    this.#closing.abort(new BrokerUnavailableError("the broker handle is closed"));
    this.hurry();
    this.#triedOnce();
    await this.#running;
  }

  #triedOnce(): void {
    this.#starting = false;
    this.#tried.resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    this.#becameReady.promise.catch(() => {});
    for (let failures = 0; !signal.aborted; failures++) {
      const start = performance.now();
      const error = await this.#live(signal);
      if (signal.aborted) break;
      if (!this.#starting && performance.now() - start > stableAfterMs) failures = 0;
      this.#triedOnce();
      this.#trouble = error.message || "the connection was refused";
      this.#options.onChange();
      this.#pausing = new AbortController();
      // What is held, and what came for us, is to be there still.
      const mostMs = Math.min(mostPauseMs, this.#options.target.leaseMs / 3);
      await pause(backoffMs(failures, mostMs), this.#pausing.signal);
      this.#pausing = undefined;
    }
  }

  /** One connection from its start to its end. Resolves to what ended it. */
  async #live(signal: AbortSignal): Promise<Error> {
    const { target, name, setUp, onChange } = this.#options;
    const limitMs = Math.min(connectTimeoutMs, target.leaseMs);
    const client = makeClient(target, name, limitMs);
    const lost = this.#lost = Promise.withResolvers<Error>();
    client.onLost = lost.resolve;
    const failed = lost.promise.then((error) => Promise.reject(error));
    failed.catch(() => {});
    let timer: ReturnType<typeof setInterval> | undefined;
    const limits = { ms: limitMs, signals: [signal] };
    try {
      const connecting = client.connect();
      connecting.catch(() => {});
      await within(Promise.race([connecting, failed]), limits);
      if (setUp) await within(Promise.race([setUp(client), failed]), limits);
      this.#client = client;
      this.#triedOnce();
      this.#unanswered = 0;
      timer = this.#watch();
      this.#becameReady.resolve();
      this.#becameReady = Promise.withResolvers();
      this.#becameReady.promise.catch(() => {});
      onChange();
      return await within(lost.promise, { signals: [signal] });
    } catch (error) {
      return error instanceof Error ? error : new Error("the connection was refused");
    } finally {
      clearInterval(timer);
      this.#client = undefined;
      client.onLost = () => {};
      client.destroy();
    }
  }

  /** Ticks and not the clock: a stalled process does not take its own sleep for the server's. */
  #watch(): ReturnType<typeof setInterval> {
    const allowed = deadAfterTicks + Math.ceil((this.#options.blocksMs ?? 0) / tickMs);
    let seen = this.#answers;
    let silent = 0;
    return setInterval(() => {
      silent = this.#answers === seen ? silent + 1 : 0;
      seen = this.#answers;
      if (this.#unanswered === 0) {
        // What comes in shows that the server is there; what is sent shows it that we are.
        if (silent % 4 === 3) this.send(["PING"]).catch(() => {});
      } else if (silent >= allowed) {
        this.drop(new Error(`nothing was heard for ${allowed} s`));
      }
    }, tickMs);
  }
}
