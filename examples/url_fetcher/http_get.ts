import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip } from "node:zlib";

/** The answer to one GET. Disposing of it closes its connection, whether the body was read or not. */
export interface HttpAnswer extends Disposable {
  readonly status: number;
  /** A header's value, null if there is none. The name is in lower case. */
  header(name: string): string | null;
  /** The body, content encodings taken off. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * One GET over a connection of its own, to one of the given addresses and to nothing else.
 * Redirects are left to the caller.
 */
export type HttpGet = (
  url: URL,
  addresses: readonly string[],
  signal: AbortSignal,
) => Promise<HttpAnswer>;

/** The addresses of a host name. Rejects if there are none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** Asks the system's resolver. */
export const resolveBySystem: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);

/**
 * By `node:http`, because it takes a resolver of ours: the name is not looked up again between
 * the check of its addresses and the connection.
 */
export const httpGet: HttpGet = async (url, addresses, signal) => {
  const message = await answerTo(url, addresses, signal);
  return {
    status: message.statusCode ?? 0,
    header(name) {
      const value = message.headers[name];
      return (Array.isArray(value) ? value[0] : value) ?? null;
    },
    body: decoded(message),
    [Symbol.dispose]: () => void message.destroy(),
  };
};

function answerTo(
  url: URL,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent: false,
      signal,
      lookup: pinned(addresses),
      headers: {
        accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
        "accept-encoding": "gzip, br",
        "user-agent": "url-fetcher",
      },
    }, resolve);
    sent.on("error", reject);
    sent.end();
  });
}

function pinned(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_hostname, { all }, callback) => {
    if (all) callback(null, found);
    else callback(null, found[0]?.address ?? "", found[0]?.family);
  };
}

async function* decoded(message: IncomingMessage): AsyncIterable<Uint8Array> {
  const empty = [204, 304].includes(message.statusCode ?? 0) ||
    message.headers["content-length"] === "0";
  const decoder = empty ? undefined : decoderOf(message.headers["content-encoding"]);
  if (!decoder) return yield* message;
  message.on("error", (error) => decoder.destroy(error));
  yield* message.pipe(decoder);
}

function decoderOf(encoding: string | undefined): (NodeJS.WritableStream & Readable) | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "br":
      return createBrotliDecompress();
  }
}
