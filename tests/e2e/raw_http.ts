import { Buffer } from "node:buffer";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";

/** Headers as they stood on the wire, name and value in turn. */
export type RawHeaders = readonly string[];

/** A request as it stood on the wire. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: RawHeaders;
  readonly body: Uint8Array;
}

/** A response as it stood on the wire. */
export interface RawResponse {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: Uint8Array;
}

/** The values of a header. */
export function valuesOf(headers: RawHeaders, name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);
}

/** Sends a request and gives the response as it came: nothing followed, nothing decoded. */
export function sendRaw(
  url: string,
  { method = "GET", headers = [], body }: {
    readonly method?: string;
    readonly headers?: RawHeaders;
    readonly body?: Uint8Array;
  } = {},
): Promise<RawResponse> {
  const { hostname, port } = new URL(url);
  const path = url.slice(url.indexOf("/", url.indexOf("://") + 3));
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      hostname,
      port,
      path,
      method,
      headers: [
        ...["host", `${hostname}:${port}`],
        ...(body ? ["content-length", String(body.byteLength)] : []),
        ...headers,
      ],
      agent: false,
    }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.rawHeaders,
          body: Buffer.concat(chunks),
        }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** A microservice that sees requests, and answers, to the letter. */
export async function rawMicroservice(
  handler: (request: RawRequest) => RawResponse,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => {
      const answer = handler({
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.rawHeaders,
        body: Buffer.concat(chunks),
      });
      response.sendDate = false;
      response.writeHead(answer.status, [...answer.headers]);
      response.end(answer.body.byteLength > 0 ? answer.body : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
