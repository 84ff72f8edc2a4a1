import type { Address, Message, PublishOptions } from "../broker.ts";
import { QueueNotFoundError } from "../errors.ts";
import { broadcast } from "./broadcast.ts";
import { checkBody, encodeHead } from "./head.ts";
import { insert, prepare } from "./insert.ts";
import type { Peer } from "./peer.ts";
import { findReplyQueue, sendReply } from "./replies.ts";
import { wholeDelay } from "./settle.ts";

/** Where messages go, as it is known when they are published. */
type Target = { readonly work: readonly number[] } | { readonly reply: string };

/** {@link Broker.publish} of the SQLite driver. */
export async function publish(
  peer: Peer,
  to: Address,
  messages: readonly Message[],
  { confirm = true, onUnroutable, delayMs = 0 }: PublishOptions,
): Promise<void> {
  if ("broadcast" in to) return await broadcast(peer, to.broadcast, messages, confirm);
  const local = "queue" in to ? peer.replies.get(to.queue) : undefined;
  if (local) {
    for (const message of messages) checkBody(message);
    for (const message of messages) local.deliver(message);
    return;
  }
  const heads = messages.map(encodeHead);
  const target = peer.read(() => findTarget(peer, to));
  if ("topic" in to && "work" in target && target.work.length === 0) {
    if (delayMs === 0) messages.forEach((message) => onUnroutable?.(message));
    return;
  }
  const durable = confirm && "work" in target &&
    messages.some((message) => message.durable !== false);
  const written = peer.write(() => {
    if ("reply" in target) reply(peer, target.reply, messages, heads);
    else enqueue(peer, target.work, messages, heads, wholeDelay(delayMs));
  }, { durable });
  if (confirm) return await written;
  written.catch(() => messages.forEach((message) => onUnroutable?.(message)));
}

function findTarget(peer: Peer, to: Exclude<Address, { broadcast: string }>): Target {
  if ("topic" in to) return { work: peer.queues.boundTo(to.topic) };
  const queue = peer.queues.find(to.queue);
  return queue ? { work: [queue.id] } : { reply: to.queue };
}

function enqueue(
  peer: Peer,
  queues: readonly number[],
  messages: readonly Message[],
  heads: readonly string[],
  delay: number,
): void {
  const now = Date.now();
  for (const queue of queues) {
    messages.forEach((message, index) => {
      const prepared = prepare(message, heads[index] ?? "");
      peer.due(insert(peer.connection, queue, prepared, now, delay));
    });
    if (delay === 0) peer.touch(queue);
  }
}

/** @throws {QueueNotFoundError} no process has a reply queue of that name. */
function reply(
  peer: Peer,
  queue: string,
  messages: readonly Message[],
  heads: readonly string[],
): void {
  const client = findReplyQueue(peer.connection, queue);
  if (client === undefined) throw new QueueNotFoundError(queue);
  messages.forEach(({ body }, index) => {
    sendReply(peer.connection, { client, queue, head: heads[index] ?? "", body });
  });
  peer.wake(client);
}
