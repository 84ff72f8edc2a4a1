import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { TestServer } from "./stack.ts";

/** An item of a batch as the microservice gets it. */
export interface BatchItem {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly encoding?: string;
}

/** A microservice that takes batches. */
export interface BatchService extends TestServer {
  /** The batches that came, the oldest first. */
  readonly batches: (readonly BatchItem[])[];
}

/** What it answers with instead of JSON: a status of its own. */
export class Refusal {
  readonly status: number;

  constructor(status: number) {
    this.status = status;
  }
}

/**
 * Starts a microservice that takes batches at `/batch`. On `node:http`, since `Deno.serve` does not
 * tell of every caller that goes away once it has read a body.
 * @param answer what it answers, and a signal that aborts when its caller goes away.
 */
export async function batchService(
  answer: (items: readonly BatchItem[], signal: AbortSignal) => unknown,
): Promise<BatchService> {
  const batches: (readonly BatchItem[])[] = [];
  const closing = new AbortController();
  const server = createServer(async (request, response) => {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const items = await json(request) as BatchItem[];
    const refused = request.url === "/batch" ? undefined : new Refusal(404);
    if (!refused) batches.push(items);
    const closed = new Promise((resolve) => closing.signal.addEventListener("abort", resolve));
    const answered = refused ?? await Promise.race([answer(items, gone.signal), closed]);
    if (answered instanceof Refusal) response.writeHead(answered.status).end("refused");
    else if (!response.destroyed) response.end(JSON.stringify(answered) ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    batches,
    async [Symbol.asyncDispose]() {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers each item with what it was. */
export function echo(items: readonly BatchItem[]): unknown {
  return items.map(({ id, method, path, body, encoding }) => ({
    id,
    status: 200,
    headers: { "x-of": String(items.length) },
    body: {
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...(encoding ? { encoding } : {}),
    },
  }));
}
