import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "../../scripts/services/process.ts";
import { brokersUnderTest } from "../brokers.ts";
import { microservice } from "../e2e/stack.ts";
import { startDequeuer, startEnqueuer } from "./service_process.ts";

for (
  const broker of brokersUnderTest.filter(({ name }) => /^(redis|rabbitmq quorum)$/.test(name))
) {
  Deno.test({
    name: `a broker that appears late, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      await using upstream = microservice(() => new Response("at last"));
      const port = await freePort(0);
      const url = new URL(place.url);
      const server = {
        host: url.hostname,
        port: Number(url.port || (broker.system === "redis" ? 6379 : 5672)),
      };
      url.hostname = "127.0.0.1";
      url.port = String(port);
      const service = place.service();
      const env = { BROKER_URL: url.href };
      await using enqueuer = startEnqueuer(env);
      await using dequeuer = startDequeuer({
        ...env,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: upstream.url,
      });
      const request = `${await enqueuer.url()}/proxy/${service}/`;
      const refused = await fetch(request);
      await refused.body?.cancel();
      assert.equal(refused.status, 503);
      await Promise.all([enqueuer, dequeuer].map((service) => service.line(/not connected/)));

      await using _door = await forward(port, server);
      await Promise.all([enqueuer.ready(), dequeuer.ready()]);
      assert.equal(await (await fetch(request)).text(), "at last");
      for (const service of [enqueuer, dequeuer]) {
        assert.equal(service.troubles.length, 1);
        await service.line(/^broker connected/);
      }
    },
  });
}

/** Listens on a port, and passes on to a server what comes there. */
async function forward(
  port: number,
  to: { readonly host: string; readonly port: number },
): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((inner) => {
    const outer = keep(connect(to));
    keep(inner).pipe(outer).pipe(inner);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
