import type { Readable } from "node:stream";
import { type Dispatcher, Pool } from "undici";
import { Laggards } from "./laggards.ts";
import { Exchange, type Streaming } from "./exchange.ts";
import type { RequestBody } from "./spools/request_body.ts";
import type { StreamRule } from "./streams/stream_rule.ts";

/**
 * Within how long after its head a response of no known length is expected whole, milliseconds; and one
 * that would go to a spool, which costs far more than to wait for the end.
 */
const momentMs = 10;
const longMomentMs = 500;

/** Where a response streams to: a requester that waits, or a spool. */
export type StreamsTo = "requester" | "spool";

/** A request as the microservice gets it. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query; starts with `/`. */
  readonly path: string;
  /** Name and value in turn. */
  readonly headers: string[];
  readonly body: Uint8Array | RequestBody;
}

/** How the microservice is called. */
export interface UpstreamOptions {
  /** So many are open at once at most. */
  readonly connections: number;
  /** The largest body that is collected, bytes. */
  readonly maxBodyBytes: number;
  /** Which responses stream, to requesters that take streams; without it none does. */
  readonly streams?: StreamRule;
  /** Which go to spools. */
  readonly spools?: StreamRule;
}

/**
 * The microservice, through a pool of connections that are kept open. Redirects are not followed
 * and encodings not decoded: the response comes as it is. undici, since neither runtime's `fetch`
 * leaves a response alone, and on Node it takes five times as long.
 */
export class Upstream implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #maxBodyBytes: number;
  readonly #streaming = new Map<StreamsTo, Streaming>();

  constructor(target: URL, options: UpstreamOptions) {
    this.#pool = new Pool(target.origin, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      // The caller of `call` keeps the time of the whole exchange.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#basePath = target.pathname.replace(/\/$/, "");
    this.#maxBodyBytes = options.maxBodyBytes;
    const { streams, spools } = options;
    if (streams) this.#streaming.set("requester", streaming(streams, momentMs));
    if (spools) this.#streaming.set("spool", streaming(spools, longMomentMs));
  }

  /**
   * Calls the microservice.
   * @param streams how the response may come as a stream, if so.
   * @throws when the request is not one that HTTP allows.
   */
  call({ method, path, headers, body }: UpstreamRequest, streams?: StreamsTo): Exchange {
    const exchange = new Exchange(
      method,
      this.#maxBodyBytes,
      streams && this.#streaming.get(streams),
    );
    this.#pool.dispatch({
      method: method as Dispatcher.HttpMethod,
      path: this.#basePath + path,
      headers,
      // undici's types do not say that it takes what is iterated; its documentation does.
      body: body instanceof Uint8Array
        ? body.byteLength > 0 ? body : null
        : body as unknown as Readable,
    }, exchange);
    return exchange;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const { laggards } of this.#streaming.values()) laggards[Symbol.dispose]();
    return this.#pool.destroy();
  }
}

function streaming(rule: StreamRule, withinMs: number): Streaming {
  return { rule, laggards: new Laggards(withinMs, (exchange) => exchange.late()) };
}
