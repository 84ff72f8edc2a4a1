// Consumes requests, calls the microservice, replies, acknowledges. Prints a line when it consumes.
//
//     node worker.mjs AMQP_URL QUEUE TARGET [PREFETCH]

import process from "node:process";
import amqp from "amqplib";

const [url, queue, target, prefetch = "100"] = process.argv.slice(2);
const connection = await amqp.connect(url, { noDelay: true });
const channel = await connection.createConfirmChannel();
await channel.assertQueue(queue, { durable: true });
await channel.prefetch(Number(prefetch));

async function handle(message) {
  const { correlationId, replyTo, headers } = message.properties;
  try {
    const response = await fetch(target + headers.path, {
      method: headers.method,
      headers: { "content-type": headers["content-type"] },
      ...(headers.method === "GET" || headers.method === "HEAD" ? {} : { body: message.content }),
    });
    const body = Buffer.from(await response.arrayBuffer());
    await new Promise((resolve, reject) => {
      channel.sendToQueue(replyTo, body, {
        correlationId,
        contentType: response.headers.get("content-type") ?? "application/octet-stream",
        headers: { status: response.status },
      }, (error) => error ? reject(error) : resolve());
    });
    channel.ack(message);
  } catch (error) {
    console.error(error);
    channel.nack(message, false, !message.fields.redelivered);
  }
}

await channel.consume(queue, (message) => message && void handle(message), { noAck: false });
console.log("consumes");
