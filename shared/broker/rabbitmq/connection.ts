import { BrokerUnavailableError } from "../errors.ts";
import { type Client, createClient } from "./client.ts";
import { replyCodeOf, replyCodes, replyTextOf } from "./refusal.ts";
import type { Host, Target } from "./url.ts";
import { backoffMs, pause, within } from "../../waiting.ts";

/** For a try of every host together. */
const connectTimeoutMs = 9000;
const leastConnectTimeoutMs = 2000;
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
 * One connection to a server that is renewed for ever, until it is closed: connecting, set up, in
 * use, lost, connecting to the next host ... When all of them have failed one after the other comes
 * a pause, which grows each time. Each connection has an order of its own of the hosts, so that
 * those of many services spread over a cluster, and what a node loses over the others.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #client: Client | undefined;
  #host: Host | undefined;
  #since = 0;
  #starting = true;
  /** Why there is no connection, by the hosts that have failed since the last one. */
  readonly #troubles = new Map<Host, string>();
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

  /** The host that {@link Connection.client} is connected to. */
  get host(): Host | undefined {
    return this.#client && this.#host;
  }

  /** Whether the first try of its hosts is still under way. */
  get starting(): boolean {
    return this.#starting;
  }

  /** What stands in the way while there is none. */
  get trouble(): string {
    const several = this.#options.target.hosts.length > 1;
    const texts = [...this.#troubles].map(([{ shown }, why]) => several ? `${shown}: ${why}` : why);
    return texts.join("; ") || "connecting";
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
    const hosts = shuffled(this.#options.target.hosts);
    const start = performance.now();
    for (let failures = 0; !signal.aborted;) {
      const [host] = hosts;
      if (!host) return;
      const error = await this.#live(host, signal);
      if (signal.aborted) return;
      if (this.#client && performance.now() - this.#since > stableAfterMs) failures = 0;
      this.#client = undefined;
      hosts.push(...hosts.splice(0, 1));
      failures++;
      const round = failures % hosts.length === 0;
      if (round || performance.now() - start > connectTimeoutMs) this.#starting = false;
      this.#troubles.set(host, explain(error));
      this.#options.onLost?.(error);
      this.#options.onChange();
      if (!round) continue;
      this.#pausing = new AbortController();
      await pause(backoffMs(failures / hosts.length - 1), this.#pausing.signal);
      this.#pausing = undefined;
    }
  }

  /** One connection to a host from its start to its end. Resolves to what ended it. */
  async #live(host: Host, signal: AbortSignal): Promise<Error> {
    const { target, name, setUp, onChange } = this.#options;
    const client = createClient(target, host, name);
    const lost = Promise.withResolvers<Error>();
    client.ondisconnect = (error) => lost.resolve(error ?? new Error("connection lost"));
    const stopWatching = watch(client, target.heartbeat, lost.resolve);
    const ms = Math.max(leastConnectTimeoutMs, connectTimeoutMs / target.hosts.length);
    const limits = {
      ms,
      late: () => new Error(`no answer within ${ms / 1000} s`),
      signals: [signal],
    };
    try {
      await within(client.connect(), limits);
      const failed = lost.promise.then((error) => Promise.reject(error));
      await within(Promise.race([setUp?.(client, signal), failed]), { signals: [signal] });
      client.onblocked = client.onunblocked = onChange;
      this.#client = client;
      this.#host = host;
      this.#starting = false;
      this.#since = performance.now();
      this.#troubles.clear();
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

function shuffled<T>(items: readonly T[]): T[] {
  return items.map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
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
