import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "../brokers.ts";
import { metric } from "../support/metrics.ts";
import { patterned } from "./stream_service.ts";
import type { Stack } from "./stack.ts";

/** A request's body, as a microservice has got it. */
export interface ReceivedBody {
  readonly bytes: number;
  readonly digest: string;
  /** The `Content-Length` that it came with. */
  readonly length: string | undefined;
  readonly attempt: string | undefined;
}

/** A microservice that takes bodies of any size. */
export interface BodyService extends AsyncDisposable {
  readonly url: string;
  readonly received: ReceivedBody[];
}

/** @param answer is called once a body is whole, or at the head if it returns true there. */
export async function bodyService(
  answer: (response: ServerResponse, call: number) => void = (response) => response.end("taken"),
  atHead: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<BodyService> {
  const received: ReceivedBody[] = [];
  let calls = 0;
  const server = createServer((request, response) => {
    if (atHead(request, response)) return;
    const hash = createHash("sha256");
    let bytes = 0;
    request.on("data", (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      hash.update(chunk);
    });
    request.on("end", () => {
      received.push({
        bytes,
        digest: hash.digest("hex"),
        length: request.headers["content-length"],
        attempt: request.headers["proxymq-attempt"] as string | undefined,
      });
      answer(response, ++calls);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A patterned body that is made as it is sent, in chunks, and a digest of it. */
export function largeBody(bytes: number): {
  readonly stream: ReadableStream<Uint8Array>;
  readonly digest: string;
} {
  const hash = createHash("sha256");
  for (let from = 0; from < bytes; from += 65_536) {
    hash.update(patterned(from, Math.min(65_536, bytes - from)));
  }
  let from = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const size = Math.min(65_536, bytes - from);
      if (size > 0) controller.enqueue(patterned(from, size));
      from += size;
      if (from === bytes) controller.close();
    },
  });
  return { stream, digest: hash.digest("hex") };
}

/** Waits until every spool that was begun is deleted but so many, and tells how many were begun. */
export async function spoolsLeft({ enqueuer, dequeuer }: Stack, left: number): Promise<number> {
  const sum = async (name: string) =>
    await metric(enqueuer.server.url, name) + await metric(dequeuer.server.url, name);
  return await eventually(async () => {
    const begun = await sum("proxymq_spools_begun_total");
    assert.equal(begun - await sum("proxymq_spools_deleted_total"), left);
    return begun;
  });
}

/** Posts a stream, which Node's fetch wants to be told. */
export function postStream(
  url: string,
  stream: ReadableStream<Uint8Array>,
  options: Pick<RequestInit, "headers" | "signal"> = {},
): Promise<Response> {
  const init: RequestInit & { duplex: "half" } = {
    ...options,
    method: "POST",
    body: stream,
    duplex: "half",
  };
  return fetch(url, init);
}
