import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { IncomingHeaders } from "./incoming_headers.ts";
import { MadeOnDemand } from "./made_on_demand.ts";

/** What a `Request` does not tell of the HTTP request that it stands for. */
export interface Wire {
  /** The request target to the letter, where `Request.url` is normalized (RFC 9112 section 3.2). */
  readonly url?: string | undefined;
  /** Name and value in turn, in their order, a repeated header several times. */
  readonly rawHeaders: readonly string[];
}

/** For how long the rest of a body is taken that nobody wants, milliseconds. */
const lingerMs = 5_000;

/** How a request is received. */
export interface IncomingOptions {
  /** Whether its caller sends the body when it is told that it is wanted. */
  readonly awaitsContinue: boolean;
  /** Told that nothing more comes of it nor goes to it. */
  readonly onClose: () => unknown;
}

const hostPattern = /^[a-z0-9._-]+(?::\d{1,5})?$/i;

/**
 * A request as the Web has it, of which only that is made which is asked for: most are passed on with
 * hardly a look at them, and the making of a `Request` with a body that streams takes a third of all
 * that serving one does. It is no `Request` to the runtime: who needs one takes {@link web}.
 */
export class IncomingRequest extends MadeOnDemand<Request> {
  readonly method: string;
  readonly #incoming: IncomingMessage;
  readonly #toContinue: (() => void) | undefined;
  #headers: IncomingHeaders | undefined;
  #hangUp: AbortController | undefined;
  #hungUp = false;
  readonly #onHangUp = new Set<() => void>();
  #web: Request | undefined;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

  constructor(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    { awaitsContinue, onClose }: IncomingOptions,
  ) {
    super();
    this.method = incoming.method ?? "GET";
    this.#incoming = incoming;
    this.#toContinue = awaitsContinue ? () => outgoing.writeContinue() : undefined;
    outgoing.on("close", () => {
      if (!outgoing.writableFinished) this.#hangUpNow();
      else if (!incoming.complete) passOver(incoming);
      onClose();
    });
  }

  /** Whether the Web lets it have a body. */
  get #mayHaveBody(): boolean {
    return this.method !== "GET" && this.method !== "HEAD";
  }

  get url(): string {
    return urlOf(this.#incoming);
  }

  get headers(): Headers {
    return (this.#headers ??= new IncomingHeaders(this.#incoming)) as unknown as Headers;
  }

  /** Aborts when the caller hangs up before it has the whole response. */
  get signal(): AbortSignal {
    this.#hangUp ??= new AbortController();
    if (this.#hungUp) this.#hangUp.abort();
    return this.#hangUp.signal;
  }

  /**
   * Calls back when the caller hangs up before it has the whole response, or has by now, until the
   * watch is disposed of: what {@link signal} tells, for less.
   */
  onHangUp(callBack: () => void): Disposable {
    if (this.#hungUp) callBack();
    else this.#onHangUp.add(callBack);
    return { [Symbol.dispose]: () => this.#onHangUp.delete(callBack) };
  }

  /**
   * The whole of it, as others take it, whose body is read from the connection as it is taken.
   * @throws {TypeError} the Web has no such request.
   */
  override get web(): Request {
    if (this.#web) return this.#web;
    const { method, signal } = this;
    this.#headers ??= new IncomingHeaders(this.#incoming);
    const { web: headers } = this.#headers;
    const init: RequestInit & { duplex?: "half" } = { method, headers, signal };
    if (this.#mayHaveBody && hasBody(this.#incoming)) {
      init.body = this.#newBody();
      init.duplex = "half";
    }
    return this.#web = new Request(this.url, init);
  }

  /** The body as it is read from the connection; of GET and HEAD too, where the Web has none. */
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (!hasBody(this.#incoming)) return null;
    return this.#mayHaveBody ? this.web.body : this.#body ??= this.#newBody();
  }

  get bodyUsed(): boolean {
    return this.#web?.bodyUsed ?? false;
  }

  /** The body, in the memory that it was received in. */
  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#web || !hasBody(this.#incoming)) return this.web.bytes();
    this.#toContinue?.();
    return readWhole(this.#incoming);
  }

  #hangUpNow(): void {
    this.#hungUp = true;
    this.#hangUp?.abort();
    for (const callBack of this.#onHangUp) callBack();
    this.#onHangUp.clear();
  }

  #newBody(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return bodyOf(this.#incoming, this.#toContinue);
  }
}

/** Whether a request is one that {@link IncomingRequest} stands for. */
export function isIncoming(request: unknown): request is IncomingRequest {
  return request instanceof IncomingRequest;
}

/** A target as a URL, normalized; what is none in it is left out. */
function urlOf({ url = "/", headers: { host = "" } }: IncomingMessage): string {
  const origin = hostPattern.test(host) ? URL.parse(`http://${host}`)?.origin : undefined;
  const here = origin ?? "http://localhost";
  const whole = url.startsWith("/") ? `${here}${url}` : url;
  return URL.parse(whole)?.href ?? `${here}/`;
}

/** Whether a request has a body (RFC 9112 section 6.3). */
function hasBody({ headers }: IncomingMessage): boolean {
  const { "content-length": length } = headers;
  return headers["transfer-encoding"] !== undefined || (length !== undefined && Number(length) > 0);
}

/** @param toContinue says that the body is wanted. */
function bodyOf(
  incoming: IncomingMessage,
  toContinue: (() => void) | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let chunks: AsyncIterator<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream({
    async pull(controller) {
      if (!chunks) {
        toContinue?.();
        // The connection is still there for the response.
        chunks = incoming.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
      }
      const { value, done } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks?.return?.();
    },
  }, { highWaterMark: 0 });
}

function readWhole(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  incoming.on("data", (chunk: Uint8Array<ArrayBuffer>) => chunks.push(chunk));
  incoming.on("end", () => {
    const [first] = chunks;
    resolve(first && chunks.length === 1 ? first : Buffer.concat(chunks));
  });
  incoming.on("error", reject);
  incoming.on("close", () => {
    if (!incoming.readableEnded) reject(new Error("the connection was lost"));
  });
  return promise;
}

/**
 * Takes the rest of a body away, since who still sends one may not read its response before. One that
 * goes on for longer loses its connection.
 */
function passOver(incoming: IncomingMessage): void {
  const timer = setTimeout(() => incoming.socket.destroy(), lingerMs);
  incoming.on("close", () => clearTimeout(timer));
  incoming.on("error", () => {});
  incoming.resume();
}
