import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import amqplib, { type Channel, type ConsumeMessage } from "amqplib";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, within } from "../brokers.ts";
import { microservice, testDequeuer, testEnqueuer } from "../e2e/stack.ts";
import { type Example, example } from "./examples.ts";

/** Publish options of amqplib for an example's properties. */
function publishOptions({ properties, headers }: Example, replyTo: string) {
  return {
    type: String(properties["type"]),
    messageId: String(properties["message_id"]),
    correlationId: String(properties["correlation_id"]),
    contentType: String(properties["content_type"]),
    headers: { ...headers, deadline: Date.now() + 30_000 },
    persistent: properties["delivery_mode"] === 2,
    replyTo,
  };
}

/** The first message that a queue gets. */
function firstOf(channel: Channel, queue: string): Promise<ConsumeMessage> {
  return within(
    new Promise<ConsumeMessage>((resolve, reject) => {
      channel.consume(queue, (message) => {
        if (message) resolve(message);
        else reject(new Error(`the consumer of ${queue} was cancelled`));
      }, { noAck: true }).catch(reject);
    }),
    `a message in ${queue}`,
  );
}

for (const broker of brokersUnderTest.filter(({ system }) => system === "rabbitmq")) {
  Deno.test({
    name: `a foreign requester over plain AMQP, ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn(t) {
      await using place = await broker.setUp();
      const service = place.service();
      await using upstream = microservice(async (request) => {
        const { pathname, search } = new URL(request.url);
        return new Response(`${request.method} ${pathname}${search} ${await request.text()}`, {
          status: 201,
          headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["content-type", "text/plain"]],
        });
      });
      await using dequeuer = await testDequeuer({
        BROKER_URL: place.url,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: upstream.url,
      });
      await dequeuer.ready;
      const connection = await amqplib.connect(place.url.replace(/\?.*/, ""));
      try {
        const channel = await connection.createChannel();
        const shown = await example("request");
        const id = String(shown.properties["correlation_id"]);
        const expectReply = async (queue: string, replyTo = queue) => {
          const reply = firstOf(channel, queue);
          channel.sendToQueue(
            requestQueue(service),
            Buffer.from(shown.body),
            publishOptions(shown, replyTo),
          );
          const { properties, content } = await reply;
          assert.equal(properties.correlationId, id);
          assert.equal(properties.type, "proxymq.response");
          assert.equal(properties.contentType, "text/plain");
          assert.equal(properties.headers?.["status"], 201);
          assert.deepEqual(properties.headers?.["headers"]["set-cookie"], ["a=1", "b=2"]);
          assert.equal(content.toString(), `POST /fetch?fresh=1 ${shown.body}`);
          return properties;
        };

        await t.step(
          "a durable reply queue for the one request, reply_{correlation_id}",
          async () => {
            const queue = `reply_${id}`;
            await channel.assertQueue(queue, { durable: true });
            try {
              assert.equal((await expectReply(queue)).deliveryMode, 2);
            } finally {
              await channel.deleteQueue(queue);
            }
          },
        );

        await t.step("an exclusive queue of the requester's", async () => {
          const { queue } = await channel.assertQueue("", { exclusive: true });
          assert.equal((await expectReply(queue)).deliveryMode, 1);
        });

        await t.step("direct reply-to", async () => {
          await expectReply("amq.rabbitmq.reply-to");
        });
      } finally {
        await connection.close();
      }
    },
  });

  Deno.test({
    name: `a foreign consumer over plain AMQP, ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      const service = place.service();
      await using enqueuer = await testEnqueuer({
        BROKER_URL: place.url,
        ENQUEUER_SERVICES: service,
        RABBITMQ_QUEUE_TYPE: broker.name.endsWith("classic") ? "classic" : "quorum",
      });
      await enqueuer.ready;
      const connection = await amqplib.connect(place.url.replace(/\?.*/, ""));
      try {
        const channel = await connection.createChannel();
        await channel.checkQueue(deadLetterQueue(service));
        const request = firstOf(channel, requestQueue(service));
        const response = fetch(`${enqueuer.server.url}/proxy/${service}/a?b=c`, {
          method: "PUT",
          headers: { "content-type": "text/plain", "x-tag": "t", prefer: "wait=20" },
          body: "precious",
        });
        const { properties, content } = await request;
        assert.equal(content.toString(), "precious");
        assert.equal(properties.type, "proxymq.request");
        assert.equal(properties.contentType, "text/plain");
        assert.equal(properties.deliveryMode, 2);
        assert.equal(properties.messageId, properties.correlationId);
        assert.match(properties.replyTo, /^reply_/);
        assert.ok(Math.abs(Number(properties.expiration) - 20_000) < 1_000);
        const headers = properties.headers ?? {};
        assert.equal(headers["proxymq-version"], 1);
        assert.equal(headers["method"], "PUT");
        assert.equal(headers["path"], "/a?b=c");
        assert.equal(headers["headers"]["x-tag"], "t");
        assert.ok(Math.abs(Number(headers["deadline"]) - Date.now() - 20_000) < 2_000);

        const answer = await example("response");
        channel.sendToQueue(properties.replyTo, Buffer.from(answer.body), {
          type: String(answer.properties["type"]),
          correlationId: properties.correlationId,
          contentType: String(answer.properties["content_type"]),
          headers: answer.headers,
        });
        const got = await response;
        assert.equal(got.status, 200);
        assert.deepEqual(got.headers.getSetCookie(), ["a=1", "b=2"]);
        assert.equal(await got.text(), answer.body);
      } finally {
        await connection.close();
      }
    },
  });
}
