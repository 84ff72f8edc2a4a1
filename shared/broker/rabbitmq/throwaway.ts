import type { AMQPChannel } from "@cloudamqp/amqp-client";
import { BrokerUnavailableError } from "../errors.ts";
import type { Client } from "./client.ts";
import { within } from "../../waiting.ts";

const limits = {
  ms: 20_000,
  late: () => new BrokerUnavailableError("RabbitMQ did not answer within 20 s"),
};

/** Does something on a channel of its own, which a refusal closes without harm to others. */
export async function onChannel<T>(
  client: Client,
  use: (channel: AMQPChannel) => Promise<T>,
): Promise<T> {
  const channel = await within(client.channel(), limits);
  channel.onerror = () => {};
  try {
    return await within(use(channel), limits);
  } finally {
    if (!channel.closed) channel.close().catch(() => {});
  }
}
