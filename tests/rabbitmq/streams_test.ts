import assert from "node:assert/strict";
import { testDequeuer, testEnqueuer } from "../e2e/stack.ts";
import { isPatterned, streamService, writePatterned } from "../e2e/stream_service.ts";
import { metric } from "../support/metrics.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { eventually } from "../support/waiting.ts";
import { rabbitmqTest, serverUrl } from "./server.ts";

const total = 48 * 2 ** 20;

for (const side of ["enqueuer", "dequeuer"] as const) {
  rabbitmqTest(
    `connections of the ${side} that are cut while it streams: whole, or an error`,
    async (t) => {
      await using stack = new AsyncDisposableStack();
      const { hostname, port } = new URL(serverUrl);
      const proxy = stack.use(await startTcpProxy(hostname, Number(port) || 5672));
      const proxied = new URL(t.url);
      proxied.hostname = "127.0.0.1";
      proxied.port = String(proxy.port);
      const service = t.service();
      const upstream = stack.use(
        await streamService(async ({ response, path }) => {
          if (path === "/after") return void response.end("here");
          response.writeHead(200);
          await writePatterned(response, total);
          response.end();
        }),
      );
      const url = (name: typeof side) => name === side ? proxied.href : t.url;
      const enqueuer = stack.use(await testEnqueuer({ BROKER_URL: url("enqueuer") }));
      const dequeuer = stack.use(
        await testDequeuer({
          BROKER_URL: url("dequeuer"),
          DEQUEUER_SERVICE: service,
          DEQUEUER_TARGET_URL: upstream.url,
        }),
      );
      await Promise.all([enqueuer.ready, dequeuer.ready]);
      const front = enqueuer.server.url;
      const response = await fetch(`${front}/proxy/${service}/firehose`);
      let read = 0;
      let error: unknown;
      try {
        for await (const chunk of response.body ?? []) {
          assert.ok(isPatterned(chunk, read), `what came at ${read} is not what was sent`);
          const cutNow = read < total / 4 && read + chunk.byteLength >= total / 4;
          read += chunk.byteLength;
          if (cutNow) proxy.reset();
        }
      } catch (cause) {
        if (cause instanceof assert.AssertionError) throw cause;
        error = cause;
      }
      if (error === undefined) assert.equal(read, total, "cut short, and not told");
      assert.equal(
        await metric(front, "enqueuer_streams_total", { end: error ? "broken-off" : "complete" }),
        1,
      );
      await eventually(async () => (await metric(front, "enqueuer_streams_open")) === 0);
      await eventually(async () =>
        (await metric(dequeuer.server.url, "dequeuer_streams_open")) === 0
      );
      const after = await eventually(async () => {
        const response = await fetch(`${front}/proxy/${service}/after`);
        const text = await response.text();
        return response.ok && text;
      });
      assert.equal(after, "here");
    },
  );
}
