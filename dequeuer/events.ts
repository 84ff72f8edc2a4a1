import type { WorkQueueSpec } from "../shared/broker/broker.ts";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import type { Binding } from "../shared/topic.ts";

/** The bindings of a service's queue, as they are declared. */
export function bindingsOf(
  bindings: readonly Binding[] = [],
): Pick<WorkQueueSpec, "topics" | "unbind"> {
  const patterns = (bound: boolean) =>
    bindings.filter((binding) => binding.bound === bound).map(({ pattern }) => pattern);
  const [topics, unbind] = [patterns(true), patterns(false)];
  return {
    ...(topics.length > 0 ? { topics } : {}),
    ...(unbind.length > 0 ? { unbind } : {}),
  };
}

/**
 * An event as the request that its service gets; any other request as it is.
 * @param path where the service takes events; `{topic}` in it stands for the event's.
 */
export function addressed(request: QueuedRequest, path: string): QueuedRequest {
  const { topic } = request;
  if (topic === undefined) return request;
  return { ...request, path: path.replaceAll("{topic}", encodeURIComponent(topic)) };
}
