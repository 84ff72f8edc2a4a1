import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { isReady, type ReadyResponse } from "./ready_response.ts";

type Piece = ReadableStreamReadResult<Uint8Array>;

/**
 * Sends a response: whole, with its length, if its body is there; else as it comes, no faster than
 * the caller takes it. A body that breaks off takes the connection with it. Never rejects.
 */
export async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  try {
    if (isReady(response)) return sendReady(response, outgoing);
    const { body, status } = response;
    const headers = tableOf(response.headers);
    if (body !== null) return await stream(body, status, headers, outgoing);
    if (mayHaveBody(status) && !isToHead(outgoing)) headers["content-length"] ??= 0;
    outgoing.writeHead(status, headers).end();
  } catch (error) {
    outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function sendReady({ status, table, known }: ReadyResponse, outgoing: ServerResponse): void {
  const headers = table instanceof Headers ? tableOf(table) : { ...table };
  const size = known.byteLength;
  if (size > 0) headers["content-length"] = size;
  else if (mayHaveBody(status) && !isToHead(outgoing)) headers["content-length"] ??= 0;
  outgoing.writeHead(status, headers).end(size > 0 ? known : undefined);
}

async function stream(
  body: ReadableStream<Uint8Array>,
  status: number,
  headers: OutgoingHttpHeaders,
  outgoing: ServerResponse,
): Promise<void> {
  const reader = body.getReader();
  const gone = () => void reader.cancel().catch(() => {});
  if (outgoing.destroyed) return gone();
  outgoing.on("close", gone);
  try {
    let next = reader.read();
    let piece = await ifThere(next);
    if (piece && !piece.done) {
      const { value } = piece;
      next = reader.read();
      piece = await ifThere(next);
      if (piece?.done) {
        headers["content-length"] ??= value.byteLength;
        outgoing.writeHead(status, headers).end(value);
        return;
      }
      outgoing.writeHead(status, headers);
      outgoing.write(value);
    } else {
      outgoing.writeHead(status, headers);
      outgoing.flushHeaders();
    }
    for (;;) {
      const { value, done } = await next;
      if (done) break;
      if (!outgoing.write(value)) await drained(outgoing);
      next = reader.read();
    }
    outgoing.end();
  } finally {
    outgoing.off("close", gone);
  }
}

/** What a body gives without waiting for anything outside of this process. */
function ifThere(next: Promise<Piece>): Promise<Piece | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setImmediate(resolve, undefined);
  return Promise.race([next, promise]);
}

/** Waits until what was written is taken, or nobody is there to take it. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.destroyed) return resolve();
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
  });
}

function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

/** Whether a response has a length that is not its body's (RFC 9110 section 9.3.2). */
function isToHead({ req }: ServerResponse): boolean {
  return req.method === "HEAD";
}

function tableOf(headers: Headers): OutgoingHttpHeaders {
  const table: OutgoingHttpHeaders = {};
  for (const [name, value] of headers) {
    if (name !== "set-cookie") table[name] = value;
  }
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) table["set-cookie"] = cookies;
  return table;
}
