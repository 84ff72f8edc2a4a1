/**
 * Whether a reply queue is one that goes with its requester: an enqueuer's (`reply_{instance}`),
 * a server-named one, or RabbitMQ's direct reply-to. A queue for one request
 * (`reply_{correlation_id}`) or any other may outlive it.
 *
 * @param id the request's.
 */
export function isLiveReplyQueue(replyTo: string, id: string | undefined): boolean {
  return replyTo.startsWith("amq.") ||
    (replyTo.startsWith("reply_") && replyTo !== `reply_${id}`);
}
