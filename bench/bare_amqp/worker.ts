/**
 * Answers each message of a queue with its own body, then acknowledges it. Prints a line when it
 * consumes.
 *
 *     deno run -A bench/bare_amqp/worker.ts URL QUEUE
 *
 * @module
 */
import { connectWithoutDelay } from "./connect.ts";

if (import.meta.main) {
  const [url = "", queue = ""] = Deno.args;
  const channel = await (await connectWithoutDelay(url)).channel();
  await channel.queueDeclare(queue, { durable: true });
  await channel.basicQos(100);
  await channel.basicConsume(queue, { noAck: false }, (message) => {
    const { replyTo = "", correlationId = "" } = message.properties;
    void channel.basicPublish("", replyTo, message.body, { correlationId });
    void message.ack();
  });
  console.log("consumes");
}
