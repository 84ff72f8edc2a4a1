import { AMQPConsumer } from "@cloudamqp/amqp-client";

/** A consumer that tells when the library takes it for closed, by the server or with its channel. */
export class CancelWatch extends AMQPConsumer {
  readonly #onCancelled: () => void;

  constructor(channel: AMQPConsumer["channel"], tag: string, onCancelled: () => void) {
    super(channel, tag, () => {});
    this.#onCancelled = onCancelled;
  }

  override setClosed(error?: Error): void {
    super.setClosed(error);
    if (error) this.#onCancelled();
  }
}
