import { Buffer } from "node:buffer";
import { type Dispatcher, Pool } from "undici";
import { responseHeaders } from "../shared/http/headers.ts";
import type { QueuedResponse } from "../shared/message/envelope.ts";

/** A request as the microservice gets it. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query; starts with `/`. */
  readonly path: string;
  /** Name and value in turn. */
  readonly headers: string[];
  readonly body: Uint8Array;
}

/** A call that is under way. */
export interface UpstreamCall {
  /** Rejects when the microservice cannot be reached, breaks off, or the call is aborted. */
  readonly response: Promise<QueuedResponse>;
  /** Aborts the call, which then rejects with `reason`. Does nothing once it has ended. */
  abort(reason: Error): void;
}

/** A response that is larger than what is passed on. */
export class ResponseTooLargeError extends Error {
  override name = "ResponseTooLargeError";
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

  /** @param options `connections` at most are open at once. */
  constructor(
    target: URL,
    options: { readonly connections: number; readonly maxBodyBytes: number },
  ) {
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
  }

  /**
   * Calls the microservice.
   * @throws when the request is not one that HTTP allows.
   */
  call({ method, path, headers, body }: UpstreamRequest): UpstreamCall {
    const exchange = new Exchange(method, this.#maxBodyBytes);
    this.#pool.dispatch({
      method: method as Dispatcher.HttpMethod,
      path: this.#basePath + path,
      headers,
      body: body.byteLength > 0 ? body : null,
    }, exchange);
    return exchange;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.destroy();
  }
}

class Exchange implements Dispatcher.DispatchHandler, UpstreamCall {
  readonly response: Promise<QueuedResponse>;
  readonly #method: string;
  readonly #maxBodyBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #size = 0;
  #status = 0;
  #headers: readonly string[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #resolve!: (response: QueuedResponse) => void;
  #reject!: (reason: unknown) => void;

  constructor(method: string, maxBodyBytes: number) {
    this.#method = method;
    this.#maxBodyBytes = maxBodyBytes;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  abort(reason: Error): void {
    this.#aborted ??= reason;
    this.#controller?.abort(reason);
    // A call that still waits for its connection has no controller to tell it.
    this.#reject(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(this.#aborted);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = latin1(controller.rawHeaders);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#size += chunk.byteLength;
    if (this.#size > this.#maxBodyBytes) {
      controller.abort(
        new ResponseTooLargeError(`the response's body is over ${this.#maxBodyBytes} bytes`),
      );
    } else {
      this.#chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    this.#resolve({
      status: this.#status,
      headers: responseHeaders(this.#headers, this.#method),
      body: joined(this.#chunks, this.#size),
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}

/** Header bytes as the strings that web `Headers` take: a byte a character. */
function latin1(raw: unknown): string[] {
  return Array.isArray(raw)
    ? raw.map((item) => item instanceof Uint8Array ? bytesToLatin1(item) : String(item))
    : [];
}

function bytesToLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  return Buffer.concat(chunks, size);
}
