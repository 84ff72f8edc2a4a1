import type { Message, PublishOptions } from "../broker.ts";
import { BrokerUnavailableError, QueueNotFoundError } from "../errors.ts";
import { Connection } from "./connection.ts";
import { PlainChannel } from "./plain_channel.ts";
import { PublishChannel } from "./publish_channel.ts";
import { brokerError, replyCodeOf, replyCodes } from "./refusal.ts";
import { isWellFormedDirectReply } from "./reply_address.ts";
import { onChannel } from "./throwaway.ts";
import type { Target } from "./url.ts";
import { within } from "../../waiting.ts";

const connectionLimits = {
  ms: 9000,
  late: () => new BrokerUnavailableError("not connected to RabbitMQ for direct replies"),
};

/**
 * Publishes to requesters that wait on RabbitMQ's direct reply-to. It has a connection of its own,
 * opened by the first such reply, because there are addresses that make the server end the
 * connection which publishes to them. A mandatory message would be delivered and returned as well,
 * so none is: whether the requester is still there is asked first, where it matters.
 */
export class DirectReplies {
  #connection: Connection | undefined;
  readonly #confirmed = new PublishChannel();
  readonly #plain = new PlainChannel();
  readonly #target: Target;
  readonly #name: string;

  constructor(target: Target, name: string) {
    this.#target = target;
    this.#name = `${name} direct-reply`;
  }

  /** Publishes messages that were checked before. */
  async publish(
    address: string,
    messages: readonly Message[],
    options: PublishOptions | undefined,
  ): Promise<void> {
    if (!isWellFormedDirectReply(address)) throw new QueueNotFoundError(address);
    this.#connection ??= this.#connect();
    const route = { exchange: "", key: address, mandatory: false };
    const client = await within(this.#connection.ready(), connectionLimits);
    if (options?.confirm === false) return await this.#plain.publish(route, messages);
    try {
      await onChannel(client, (channel) => channel.queueDeclare(address, { passive: true }));
    } catch (error) {
      const gone = replyCodeOf(error) === replyCodes.notFound;
      throw gone ? new QueueNotFoundError(address) : brokerError(error);
    }
    await this.#confirmed.publish(route, address, messages);
  }

  async close(): Promise<void> {
    this.#lose(new BrokerUnavailableError("the broker handle is closed"));
    await this.#connection?.close();
  }

  #connect(): Connection {
    return new Connection({
      target: this.#target,
      name: this.#name,
      setUp: async (client) => {
        await Promise.all([this.#confirmed.open(client), this.#plain.open(client)]);
      },
      onLost: () => this.#lose(new BrokerUnavailableError("the connection was lost")),
      onChange: () => {},
    });
  }

  #lose(error: Error): void {
    this.#confirmed.lose(error);
    this.#plain.lose(error);
  }
}
