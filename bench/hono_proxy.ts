/**
 * A plain reverse proxy: every request goes to one target, and no queue is in between. Prints its
 * port.
 *
 *     deno run -A bench/hono_proxy.ts TARGET
 *
 * @module
 */
import { Hono } from "hono";
import { proxy } from "hono/proxy";

if (import.meta.main) {
  const [target = ""] = Deno.args;
  const app = new Hono();
  app.all("*", (c) => {
    const { pathname, search } = new URL(c.req.url);
    return proxy(new URL(pathname + search, target), c.req);
  });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, app.fetch);
  console.log(server.addr.port);
}
