/**
 * A microservice whose responses stream: `/events?count=N&pace=MS`, events that say when they were
 * sent, and `/bytes?size=N`, as many bytes as fast as they are taken, whose SHA-256 is then at
 * `/hash`; that of the body of any other request is its response. Prints its port.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const block = new Uint8Array(65_536).map((_, i) => i * 31 + (i >> 8));

/** Now, on a clock that processes of a machine share, milliseconds. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

async function events(response: ServerResponse, count: number, paceMs: number): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let i = 0; i < count && !response.destroyed; i++) {
    if (i > 0) await delay(paceMs);
    response.write(`data: ${now()}\n\n`);
  }
  response.end();
}

async function bytes(response: ServerResponse, size: number): Promise<string> {
  const hash = createHash("sha256");
  response.writeHead(200, { "content-length": size });
  for (let sent = 0; sent < size && !response.destroyed; sent += block.byteLength) {
    const part = block.subarray(0, Math.min(block.byteLength, size - sent));
    hash.update(part);
    if (!response.write(part)) await new Promise((resolve) => response.once("drain", resolve));
  }
  response.end();
  return hash.digest("hex");
}

async function hashOf(request: IncomingMessage): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of request) hash.update(part);
  return hash.digest("hex");
}

if (import.meta.main) {
  let hash = "";
  const server = createServer({ noDelay: true }, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://microservice");
    const number = (name: string) => Number(searchParams.get(name));
    if (pathname === "/events") await events(response, number("count"), number("pace"));
    else if (pathname === "/bytes") hash = await bytes(response, number("size"));
    else if (pathname === "/hash") response.end(hash);
    else response.end(await hashOf(request));
  });
  server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
}
