/**
 * Calls by a queue and waits for the replies, so many at a time, for some milliseconds. Prints what it
 * saw as JSON.
 *
 *     deno run -A bench/bare_amqp/caller.ts URL QUEUE AT_A_TIME MS [BYTES]
 *
 * @module
 */
import { connectWithoutDelay } from "./connect.ts";

const replyTo = "amq.rabbitmq.reply-to";

if (import.meta.main) {
  const [url = "", queue = "", atATime, ms, bytes] = Deno.args;
  const channel = await (await connectWithoutDelay(url)).channel();
  const body = new TextEncoder().encode(bytes ? "a".repeat(Number(bytes)) : '{"text":"hello"}');
  const waiting = new Map<string, () => void>();
  await channel.basicConsume(replyTo, { noAck: true }, ({ properties: { correlationId = "" } }) => {
    waiting.get(correlationId)?.();
    waiting.delete(correlationId);
  });
  const times: number[] = [];
  const start = performance.now();
  let id = 0;
  const call = async () => {
    while (performance.now() - start < Number(ms)) {
      const sent = performance.now();
      const correlationId = String(id++);
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(correlationId, resolve);
      void channel.basicPublish("", queue, body, { correlationId, replyTo, deliveryMode: 2 });
      await promise;
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: Number(atATime) }, call));
  const seconds = (performance.now() - start) / 1_000;
  times.sort((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map((share) => times[Math.floor(times.length * share)]);
  console.log(JSON.stringify({ count: times.length, seconds, p50, p99 }));
  Deno.exit(0);
}
