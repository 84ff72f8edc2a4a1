import type { Message } from "../broker.ts";
import { otherSubscribers } from "./broadcasts.ts";
import { checkBody, encodeHead } from "./head.ts";
import type { Peer } from "./peer.ts";
import { sendReply } from "./replies.ts";

/**
 * Publishes to every reply queue that was declared with a broadcast: to those of this process in
 * memory, and to others through their replies, if there are any.
 */
export async function broadcast(
  peer: Peer,
  name: string,
  messages: readonly Message[],
  confirm: boolean,
): Promise<void> {
  for (const message of messages) checkBody(message);
  const others = peer.read((connection) => otherSubscribers(connection, name, peer.client));
  const heads = others.length > 0 ? messages.map(encodeHead) : [];
  for (const queue of peer.replies.hearing(name)) {
    for (const message of messages) queue.deliver(message);
  }
  if (others.length === 0) return;
  const written = peer.write((connection) => {
    for (const { queue, client } of otherSubscribers(connection, name, peer.client)) {
      messages.forEach(({ body }, index) => {
        sendReply(connection, { client, queue, head: heads[index] ?? "", body });
      });
      peer.wake(client);
    }
  }, { durable: false });
  if (confirm) return await written;
  written.catch(() => {});
}
