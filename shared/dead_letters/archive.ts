import { Buffer } from "node:buffer";
import { z } from "@hono/zod-openapi";
import type { HeaderValue, Message } from "../broker/broker.ts";

/** The version of the lines that are written, and the only one that is read. */
const formatVersion = 1;

const headerValue: z.ZodType<HeaderValue> = z.lazy(() =>
  z.union([
    z.string(),
    z.int(),
    z.boolean(),
    z.array(headerValue),
    z.record(z.string(), headerValue),
  ])
);

const lineSchema = z.strictObject({
  "proxymq-dead-letter": z.literal(formatVersion),
  service: z.string(),
  properties: z.strictObject({
    message_id: z.string().optional(),
    correlation_id: z.string().optional(),
    reply_to: z.string().optional(),
    content_type: z.string().optional(),
    type: z.string().optional(),
    priority: z.int().min(0).max(255).optional(),
    timestamp: z.int().optional(),
  }),
  headers: z.record(z.string(), headerValue),
  body: z.base64(),
});

/** A line that is no dead letter; the message says what is wrong with it. */
export class LineError extends Error {
  override name = "LineError";
}

/** A dead letter as a line of NDJSON, without its end, from which {@link parseLine} has it again. */
export function toLine(service: string, message: Message): string {
  const { messageId, correlationId, replyTo, contentType, type, priority, timestamp } = message;
  const line: z.input<typeof lineSchema> = {
    "proxymq-dead-letter": formatVersion,
    service,
    properties: {
      message_id: messageId,
      correlation_id: correlationId,
      reply_to: replyTo,
      content_type: contentType,
      type,
      priority,
      timestamp,
    },
    headers: { ...message.headers },
    body: Buffer.from(message.body.buffer, message.body.byteOffset, message.body.byteLength)
      .toString("base64"),
  };
  return JSON.stringify(line);
}

/**
 * Reads a line of an export.
 * @throws {LineError} it is none.
 */
export function parseLine(text: string): Message {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new LineError("not JSON");
  }
  const result = lineSchema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new LineError(`not a dead letter: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { properties, headers, body } = result.data;
  if (headers["spool"] !== undefined) {
    throw new LineError('its body is not in it: the header "spool" says that it is in a spool');
  }
  const given = {
    messageId: properties.message_id,
    correlationId: properties.correlation_id,
    replyTo: properties.reply_to,
    contentType: properties.content_type,
    type: properties.type,
    priority: properties.priority,
    timestamp: properties.timestamp,
  };
  return {
    ...definedIn(given),
    headers,
    body: new Uint8Array(Buffer.from(body, "base64")),
    durable: true,
  };
}

type Defined<T> = { [name in keyof T]?: NonNullable<T[name]> };

function definedIn<T extends object>(properties: T): Defined<T> {
  const entries = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
