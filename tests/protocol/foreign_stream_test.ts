import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import amqplib, { type Channel, type ConsumeMessage } from "amqplib";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { testDequeuer } from "../e2e/stack.ts";
import { isPatterned, streamService, writePatterned } from "../e2e/stream_service.ts";
import { metric } from "../support/metrics.ts";
import { example } from "./examples.ts";

const total = 500_000;
const window = 100_000;

/** Asks for a response in frames. Returns them as they come. */
async function ask(channel: Channel, service: string, id: string): Promise<ConsumeMessage[]> {
  const frames: ConsumeMessage[] = [];
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.consume(queue, (message) => void (message && frames.push(message)), {
    noAck: true,
  });
  const { headers, body } = await example("request");
  channel.sendToQueue(requestQueue(service), Buffer.from(body), {
    correlationId: id,
    replyTo: queue,
    headers: { ...headers, window, deadline: Date.now() + 30_000 },
  });
  return frames;
}

for (const broker of brokersUnderTest.filter(({ name }) => name === "rabbitmq quorum")) {
  Deno.test({
    name: `a foreign requester that takes frames over plain AMQP, ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn(t) {
      await using place = await broker.setUp();
      const service = place.service();
      await using upstream = await streamService(async ({ response }) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        await writePatterned(response, total);
        response.end();
      });
      await using dequeuer = await testDequeuer({
        BROKER_URL: place.url,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: upstream.url,
      });
      await dequeuer.ready;
      const processed = (outcome: string) =>
        metric(dequeuer.server.url, "dequeuer_processed_total", { outcome });
      const connection = await amqplib.connect(place.url.replace(/\?.*/, ""));
      try {
        const channel = await connection.createChannel();
        const size = (frames: readonly ConsumeMessage[]) =>
          frames.reduce((sum, { content }) => sum + content.byteLength, 0);
        const headersOf = ({ properties }: ConsumeMessage) => properties.headers ?? {};

        await t.step("one that gives credit gets all of it, a window at a time", async () => {
          const { headers } = await example("credit");
          const frames = await ask(channel, service, "credits");
          let granted = window;
          for (; granted < total; granted += window) {
            await eventually(() => size(frames) === granted);
            const [first] = frames;
            assert.ok(first);
            const { stream } = headersOf(first);
            channel.sendToQueue(first.properties.replyTo, Buffer.alloc(0), {
              type: "proxymq.credit",
              correlationId: "credits",
              headers: { ...headers, stream, bytes: granted + window },
            });
          }
          await eventually(() => frames.some((frame) => headersOf(frame)["last"] === true));
          const bodies = frames.map(({ content }) => content);
          assert.ok(isPatterned(Buffer.concat(bodies), 0));
          assert.equal(size(frames), total);
          assert.deepEqual(frames.map((frame) => headersOf(frame)["seq"]), [...frames.keys()]);
          await eventually(async () => await processed("streamed") === 1);
        });

        await t.step("one that gives none gets its window, and is given up", async () => {
          const frames = await ask(channel, service, "silent");
          await eventually(() => size(frames) === window);
          await eventually(async () => await processed("cancelled") === 1);
          assert.equal(size(frames), window);
        });
      } finally {
        await connection.close();
      }
    },
  });
}
