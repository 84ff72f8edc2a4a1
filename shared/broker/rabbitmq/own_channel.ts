import type { AMQPChannel } from "@cloudamqp/amqp-client";
import { BrokerUnavailableError } from "../errors.ts";
import type { Client } from "./client.ts";
import { isConnectionLoss } from "./refusal.ts";

/** A channel and its connection while both are open. */
export interface Opened {
  readonly client: Client;
  readonly channel: AMQPChannel;
}

/** A channel that is opened again when the server closes it, and on every new connection. */
export abstract class OwnChannel {
  protected opened: Opened | undefined;
  readonly #onClosed: () => void;

  /** @param onClosed told when the server closed the channel, not the connection. */
  constructor(onClosed: () => void = () => {}) {
    this.#onClosed = onClosed;
  }

  /** Opens the channel on a connection. */
  async open(client: Client): Promise<void> {
    const channel = await client.channel();
    channel.onerror = (reason) => this.#closed({ client, channel }, reason);
    await this.prepare(channel);
    this.opened = { client, channel };
  }

  /** Replaces the channel by a new one on the same connection, where nothing waits on the old one. */
  protected async reopen({ client, channel }: Opened): Promise<void> {
    this.opened = undefined;
    channel.close().catch(() => {});
    await this.open(client);
  }

  /** Gives up the channel and what waits on it. */
  lose(error: Error): void {
    this.opened = undefined;
    this.giveUp(error);
  }

  /** Readies a new channel. */
  protected abstract prepare(channel: AMQPChannel): Promise<void>;
  protected abstract giveUp(error: Error): void;

  #closed({ client, channel }: Opened, reason: string): void {
    if (channel !== this.opened?.channel) return;
    this.lose(new BrokerUnavailableError(`RabbitMQ closed a channel: ${reason}`));
    if (client.closed || isConnectionLoss(reason)) return;
    this.#onClosed();
    this.open(client).catch((error) => client.ondisconnect?.(error));
  }
}
