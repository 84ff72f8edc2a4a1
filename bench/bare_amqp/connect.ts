import { AMQPClient } from "@cloudamqp/amqp-client";

/** A connection without Nagle's algorithm, which would make a call forty times as long. */
export async function connectWithoutDelay(url: string) {
  const client = new AMQPClient(url);
  const connected = client.connect();
  (client as unknown as { socket?: { setNoDelay(on: boolean): void } }).socket?.setNoDelay(true);
  return await connected;
}
