import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "../problem.ts";

/** What a `Request` does not tell of the HTTP request that it stands for. */
export interface Wire {
  /** The request target to the letter, where `Request.url` is normalized (RFC 9112 section 3.2). */
  readonly url?: string | undefined;
  /** Name and value in turn, in their order, a repeated header several times. */
  readonly rawHeaders: readonly string[];
}

/** For how long the rest of a body is taken that nobody wants, milliseconds. */
const lingerMs = 5_000;

const hostPattern = /^[a-z0-9._-]+(?::\d{1,5})?$/i;

/**
 * A request as the Web has it, or what it is answered with if the Web has no such request. Its body
 * is read from the connection as it is taken.
 * @param awaitsContinue whether its caller sends the body when it is told that it is wanted.
 */
export function toRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  awaitsContinue: boolean,
): Request | Response {
  const { method = "GET", rawHeaders } = incoming;
  const hangUp = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) hangUp.abort();
    else if (!incoming.complete) passOver(incoming);
  });
  const init: RequestInit & { duplex?: "half" } = {
    method,
    headers: pairs(rawHeaders),
    signal: hangUp.signal,
  };
  if (hasBody(incoming)) {
    init.body = bodyOf(incoming, awaitsContinue ? outgoing : undefined);
    init.duplex = "half";
  }
  try {
    return new Request(urlOf(incoming), init);
  } catch (error) {
    const detail = `${method} cannot be served: ${error instanceof Error ? error.message : error}`;
    return new Problem("bad-request", { detail }).toResponse();
  }
}

function urlOf({ url = "/", headers: { host = "" } }: IncomingMessage): string {
  if (!url.startsWith("/")) return URL.canParse(url) ? url : "http://localhost/";
  return `http://${hostPattern.test(host) ? host : "localhost"}${url}`;
}

/** Whether a request has a body that the Web lets it have (RFC 9112 section 6.3). */
function hasBody({ method, headers }: IncomingMessage): boolean {
  if (method === "GET" || method === "HEAD") return false;
  const { "content-length": length } = headers;
  return headers["transfer-encoding"] !== undefined || (length !== undefined && Number(length) > 0);
}

/** @param toContinue what says that the body is wanted, once it is. */
function bodyOf(
  incoming: IncomingMessage,
  toContinue: ServerResponse | undefined,
): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  return new ReadableStream({
    async pull(controller) {
      if (!chunks) {
        toContinue?.writeContinue();
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

function pairs(rawHeaders: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    list.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  }
  return list;
}
