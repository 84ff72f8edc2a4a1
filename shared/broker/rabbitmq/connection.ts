import { BrokerUnavailableError } from "../errors.ts";
import { type Client, createClient } from "./client.ts";
import { replyCodeOf, replyCodes, replyTextOf } from "./refusal.ts";
import type { Target } from "./url.ts";
import { backoffMs, pause, within } from "../../waiting.ts";

const connectTimeoutMs = 9000;
const closeTimeoutMs = 2000;
/** A connection that lasted this long is no part of a series of failures. */
const stableAfterMs = 5000;

/** How a connection is kept. */
export interface ConnectionOptions {
  readonly target: Target;
  /** As operators see it. */
  readonly name: string;
  /** Readies a new connection before anybody gets it. Its failure fails the connection. */
  readonly setUp?: (client: Client, signal: AbortSignal) => Promise<void>;
  /** Told of every loss, before the next try. */
  readonly onLost?: (error: Error) => void;
  /** Told when {@link Connection.client}, its being blocked, or {@link Connection.trouble} changes. */
  readonly onChange: () => void;
}

/**
 * One connection to the server that is renewed for ever, until it is closed:
 * connecting, set up, in use, lost, a pause that grows with each failure, connecting ...
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #client: Client | undefined;
  #since = 0;
  #starting = true;
  #trouble = "connecting";
  #pausing: AbortController | undefined;
  #becameReady = Promise.withResolvers<Client>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** The connection in use, if there is one just now. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** Whether its first try is still under way. */
  get starting(): boolean {
    return this.#starting;
  }

  /** What stands in the way while there is none. */
  get trouble(): string {
    return this.#trouble;
  }

  /**
   * Waits for the connection.
   * @throws the signal's reason, or {@link BrokerUnavailableError} when it is closed for good.
   */
  ready(signal?: AbortSignal): Promise<Client> {
    if (this.#client) return Promise.resolve(this.#client);
    return within(this.#becameReady.promise, { signals: [signal, this.#closing.signal] });
  }

  /** Ends a pause between two tries: the server was seen to be there. */
  hurry(): void {
    this.#pausing?.abort();
  }

  /** Closes it for good, with a word to the server if it can be said. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const reason = new BrokerUnavailableError("the broker handle is closed");
    const client = this.#client;
    this.#client = undefined;
    if (client && !client.closed) {
      client.ondisconnect = () => {};
      await within(client.close("closed by its owner"), { ms: closeTimeoutMs }).catch(() => {});
    }
    this.#closing.abort(reason);
    this.hurry();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      const error = await this.#live(signal);
      if (signal.aborted) return;
      if (this.#client && performance.now() - this.#since > stableAfterMs) failures = 0;
      this.#client = undefined;
      this.#starting = false;
      this.#trouble = explain(error);
      this.#options.onLost?.(error);
      this.#options.onChange();
      this.#pausing = new AbortController();
      await pause(backoffMs(failures), this.#pausing.signal);
      this.#pausing = undefined;
    }
  }

  /** One connection from its start to its end. Resolves to what ended it. */
  async #live(signal: AbortSignal): Promise<Error> {
    const { target, name, setUp, onChange } = this.#options;
    const client = createClient(target, name);
    const lost = Promise.withResolvers<Error>();
    client.ondisconnect = (error) => lost.resolve(error ?? new Error("connection lost"));
    const stopWatching = watch(client, target.heartbeat, lost.resolve);
    const limits = {
      ms: connectTimeoutMs,
      late: () => new Error(`no answer within ${connectTimeoutMs / 1000} s`),
      signals: [signal],
    };
    try {
      await within(client.connect(), limits);
      const failed = lost.promise.then((error) => Promise.reject(error));
      await within(Promise.race([setUp?.(client, signal), failed]), { signals: [signal] });
      client.onblocked = client.onunblocked = onChange;
      this.#client = client;
      this.#starting = false;
      this.#since = performance.now();
      this.#trouble = "";
      this.#becameReady.resolve(client);
      this.#becameReady = Promise.withResolvers();
      onChange();
      return await within(lost.promise, { signals: [signal] });
    } catch (error) {
      return error instanceof Error ? error : new Error("the connection was refused");
    } finally {
      stopWatching();
      end(client);
    }
  }
}

/** Drops a client with all that waits on its channels. */
function end(client: Client): void {
  const error = new Error("connection lost");
  client.ondisconnect = () => {};
  client.destroy(error);
  for (const channel of client.channels) channel?.setClosed(error);
}

/**
 * Sees that something comes in: three half heartbeats of silence, counted in ticks so that a
 * stalled process does not take its own sleep for the server's, mean that the connection is dead.
 */
function watch(client: Client, heartbeat: number, onDead: (error: Error) => void): () => void {
  let seen = 0;
  let silent = 0;
  const timer = setInterval(() => {
    silent = client.framesRead === seen ? silent + 1 : 0;
    seen = client.framesRead;
    if (silent >= 3) onDead(new Error(`nothing was heard for ${1.5 * heartbeat} s`));
    if (!client.closed) client.beat();
  }, heartbeat * 500);
  return () => clearInterval(timer);
}

function explain(error: Error): string {
  const code = replyCodeOf(error);
  if (code === replyCodes.accessRefused) {
    return "the server refuses the user name or the password, or the user may not use the virtual host";
  }
  if (code === replyCodes.notAllowed) {
    return `the server refuses the virtual host: ${replyTextOf(error)}`;
  }
  return replyTextOf(error) || "the connection was refused";
}
