// Takes requests, sends them through a queue, and answers with what comes back. Prints its port.
//
//     node front.mjs AMQP_URL QUEUE

import { randomUUID } from "node:crypto";
import process from "node:process";
import amqp from "amqplib";
import Fastify from "fastify";

const replyTo = "amq.rabbitmq.reply-to";
const timeoutMs = 30_000;

const [url, queue] = process.argv.slice(2);
const connection = await amqp.connect(url, { noDelay: true });
const channel = await connection.createConfirmChannel();
await channel.assertQueue(queue, { durable: true });

const waiting = new Map();
await channel.consume(replyTo, ({ content, properties }) => {
  const call = waiting.get(properties.correlationId);
  if (!call) return;
  waiting.delete(properties.correlationId);
  clearTimeout(call.timer);
  call.resolve({ content, properties });
}, { noAck: true });

function send(body, headers) {
  const correlationId = randomUUID();
  return new Promise((resolve, reject) => {
    const fail = (error) => {
      const call = waiting.get(correlationId);
      if (!call) return;
      waiting.delete(correlationId);
      clearTimeout(call.timer);
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error("timeout")), timeoutMs);
    waiting.set(correlationId, { resolve, timer });
    channel.sendToQueue(
      queue,
      body,
      { correlationId, replyTo, persistent: true, headers, expiration: timeoutMs },
      (error) => error && fail(error),
    );
  });
}

const app = Fastify({ bodyLimit: 16 * 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.all("/*", async (request, reply) => {
  const { content, properties } = await send(request.body ?? Buffer.alloc(0), {
    method: request.method,
    path: request.url,
    "content-type": request.headers["content-type"] ?? "",
  });
  reply.code(properties.headers.status).header("content-type", properties.contentType);
  return reply.send(content);
});
await app.listen({ port: 0, host: "127.0.0.1" });
console.log(app.server.address().port);
