import type { AMQPView } from "@cloudamqp/amqp-client/amqp-view";
import type { QueueType } from "./url.ts";

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
  const [major = 0, minor = 0] = server.version.split(".").map(Number);
  if (major > 3 || (major === 3 && minor >= 10)) return undefined;
  return `RabbitMQ ${server.version} cannot expire, delay or safely dead-letter messages of quorum ` +
    "queues: update to 3.10 or later, or set RABBITMQ_QUEUE_TYPE=classic";
}
