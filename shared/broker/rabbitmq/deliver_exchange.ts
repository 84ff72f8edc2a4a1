import type { AMQPChannel } from "@cloudamqp/amqp-client";
import { deliverName, undeliverableName } from "./delay_levels.ts";
import type { QueueType } from "./url.ts";

const keptMs = 7 * 86_400_000;
const mostKept = 10_000;

/**
 * Declares the exchange that delays end in. What is due for a queue that no longer exists must not
 * stay in its level, for the server stops moving messages out of there when 32 of them find no way:
 * it goes to a queue beside, where operators can see the latest 10,000 of them for a week.
 */
export function declareDeliverExchange(channel: AMQPChannel, type: QueueType): Promise<unknown>[] {
  const beside = undeliverableName(type);
  return [
    channel.exchangeDeclare(beside, "fanout"),
    channel.queueDeclare(beside, { durable: true }, {
      "x-queue-type": type,
      "x-message-ttl": keptMs,
      "x-max-length": mostKept,
    }),
    channel.queueBind(beside, beside, ""),
    channel.exchangeDeclare(deliverName(type), "topic", {}, { "alternate-exchange": beside }),
  ];
}
