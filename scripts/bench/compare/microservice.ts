/**
 * A microservice that answers with what it was sent, after some milliseconds. Prints its port.
 *
 *     deno run -A microservice.ts [MS]
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";

if (import.meta.main) {
  const ms = Number(Deno.args[0] ?? 0);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const body = await request.text();
    if (ms > 0) await delay(ms);
    return new Response(body, { headers: { "content-type": "application/json" } });
  });
  console.log(server.addr.port);
}
