import type { AMQPView } from "@cloudamqp/amqp-client/amqp-view";
import type { Priorities } from "../broker.ts";
import type { QueueType, Target } from "./url.ts";

/** What a server says of itself when a connection starts. */
export interface Server {
  readonly product: string;
  readonly version: string;
}

const frameHeaderBytes = 7;
const methodBytes = 4;
const protocolVersionBytes = 2;

/** Reads the server's name and version from its first frame; undefined if it is another frame. */
export function readServer(view: AMQPView): Server | undefined {
  const isStart = view.getUint8(0) === 1 && view.getUint16(frameHeaderBytes) === 10 &&
    view.getUint16(frameHeaderBytes + 2) === 10;
  if (!isStart) return undefined;
  const [table] = view.getTable(frameHeaderBytes + methodBytes + protocolVersionBytes);
  const { product, version } = table;
  return {
    product: typeof product === "string" ? product : "an AMQP server",
    version: typeof version === "string" ? version : "",
  };
}

/** A sentence on what the server cannot do of what this driver needs, or undefined. */
export function shortcoming(server: Server | undefined, type: QueueType): string | undefined {
  if (server?.product !== "RabbitMQ" || type === "classic") return undefined;
  if (isAtLeast(server, 3, 10)) return undefined;
  return `RabbitMQ ${server.version} cannot expire, delay or safely dead-letter messages of quorum ` +
    "queues: update to 3.10 or later, or set RABBITMQ_QUEUE_TYPE=classic";
}

type Queues = Pick<Target, "queueType" | "maxPriority">;

/**
 * What priorities do in the work queues of a server. Quorum queues have them since RabbitMQ 4.0,
 * without being asked for it: two of them at first, and all since 4.3.
 */
export function prioritiesOf(
  server: Server | undefined,
  { queueType, maxPriority }: Queues,
): Priorities {
  if (queueType === "classic") return maxPriority === undefined ? "none" : "strict";
  if (server?.product !== "RabbitMQ" || !isAtLeast(server, 4, 0)) return "none";
  return isAtLeast(server, 4, 3) ? "strict" : "shares";
}

/** A sentence on what becomes of priorities where they do not put messages in order, or undefined. */
export function priorityRemark(server: Server | undefined, queues: Queues): string | undefined {
  const priorities = prioritiesOf(server, queues);
  if (priorities === "strict") return undefined;
  if (priorities === "shares") {
    return "its quorum queues tell two priorities apart: those of 5 to 9 get two deliveries of " +
      "three (since RabbitMQ 4.3 the most urgent comes first)";
  }
  return queues.queueType === "classic"
    ? "without priorities, which queues of RABBITMQ_QUEUE_TYPE=classic-priority have"
    : "without priorities, which quorum queues have since RabbitMQ 4.0, and those of " +
      "RABBITMQ_QUEUE_TYPE=classic-priority on any";
}

function isAtLeast({ version }: Server, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
