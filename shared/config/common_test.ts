import assert from "node:assert/strict";
import { brokerUrl } from "./common.ts";

const urls: Record<string, string> = {
  "amqp://u:p@host": "amqp://u:p@host?queueType=classic",
  "amqp://u:p@a:1,b,[::1]:2/v?heartbeat=3":
    "amqp://u:p@a:1,b,[::1]:2/v?heartbeat=3&queueType=classic",
  "amqps://a,b/?queueType=quorum": "amqps://a,b/?queueType=quorum",
  "wss://host/ws?token=a%26b#x": "wss://host/ws?token=a%26b&queueType=classic",
  "sqlite:some?file": "sqlite:some?file",
};

for (const [given, expected] of Object.entries(urls)) {
  Deno.test(`the queue type is added for RabbitMQ alone, where it is not given: ${given}`, () => {
    const config = { BROKER_URL: given, RABBITMQ_QUEUE_TYPE: "classic" } as const;
    assert.equal(brokerUrl(config), expected);
  });
}
