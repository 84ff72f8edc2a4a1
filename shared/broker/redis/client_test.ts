import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { within } from "../../../tests/support/waiting.ts";
import { makeClient } from "./client.ts";

/** A server that takes connections and answers nothing. */
async function silentServer() {
  const open = new Set<Socket>();
  let seen = 0;
  const server = createServer((socket) => {
    seen++;
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    socket.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    open,
    seen: () => seen,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

Deno.test("a client that is destroyed while it connects leaves no connection", async () => {
  await using server = await silentServer();
  const at = { host: "127.0.0.1", port: server.port, database: 0 };
  const target = { ...at, tls: false, leaseMs: 1_000, shown: "here" };
  const client = makeClient(target, "test", 5_000);
  const connecting = client.connect().catch(() => {});
  client.destroy();
  await within(connecting, "the end of connecting", { timeoutMs: 3_000 });
  const deadline = performance.now() + 5_000;
  while ((server.seen() === 0 || server.open.size > 0) && performance.now() < deadline) {
    await delay(10);
  }
  assert.equal(server.open.size, 0);
});
