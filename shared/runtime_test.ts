import assert from "node:assert/strict";
import { connect } from "node:net";
import { eventually } from "../tests/support/waiting.ts";
import { serve } from "./runtime.ts";

/** Sends a body and hangs up when the server has read it. @returns whether the server noticed. */
async function noticesHangUp(body: string): Promise<boolean> {
  const read = Promise.withResolvers<AbortSignal>();
  const answer = Promise.withResolvers<void>();
  const server = serve(async (request) => {
    await request.arrayBuffer();
    read.resolve(request.signal);
    await answer.promise;
    return new Response("late");
  }, { hostname: "127.0.0.1", port: 0 });
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  const signal = await read.promise;
  socket.destroy();
  const noticed = await eventually(() => signal.aborted || undefined, { timeoutMs: 500 })
    .catch(() => false);
  answer.resolve();
  await server.close(AbortSignal.timeout(2_000));
  return noticed === true;
}

Deno.test("a caller that hangs up is noticed", async () => {
  assert.equal(await noticesHangUp(""), true);
  assert.equal(await noticesHangUp("short"), true);
});

Deno.test("Deno does not notice it after a body that was longer than a few hundred bytes", async () => {
  // Where this fails, docs/upstream/deno-serve-hang-ups.md and what points to it can go.
  assert.equal(await noticesHangUp("a".repeat(10_000)), false);
});
