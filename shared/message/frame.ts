import type { Message } from "../broker/broker.ts";
import type { HeaderTable } from "../http/headers.ts";
import {
  decodeHeaders,
  EnvelopeError,
  expectType,
  protocolVersion,
  responseType,
  shortString,
} from "./envelope.ts";

/** Header that numbers the frames of a response, from 0; a whole response has none. */
export const SEQ = "seq";

/** The most bytes of a body that a frame has; with its headers it fits two AMQP frames. */
export const maxFrameBytes = 65_536;

/** How long either side may say nothing before it speaks up, milliseconds. */
export const keepAliveMs = 3_000;

/** After how long a silence the other side is taken for gone, milliseconds: three were missed. */
export const silenceMs = 10_000;

/** What the first frame says of its response. */
export interface FrameHead {
  readonly status: number;
  readonly headers: HeaderTable;
}

/** A part of a response on its way back. */
export interface Frame {
  /** The request's id. */
  readonly id: string;
  /** Tells the streams of a request that is run twice from each other. */
  readonly stream: string;
  readonly seq: number;
  /** Status and headers; the first frame's only. */
  readonly head?: FrameHead;
  /** Empty in one that only says that there is more to come. */
  readonly body: Uint8Array;
  /** Whether the response ends with it. */
  readonly last: boolean;
  /** Why the response is not whole; of the last frame. */
  readonly error?: string;
  /** The queue that credit goes to. */
  readonly creditTo: string | undefined;
}

/** A frame as a message for a requester that waits for it. */
export function encodeFrame(frame: Frame): Message {
  const { id, stream, seq, head, body, last, error, creditTo } = frame;
  const contentType = head?.headers["content-type"];
  return {
    type: responseType,
    messageId: `${stream}-${seq}`,
    correlationId: id,
    ...(creditTo === undefined ? {} : { replyTo: creditTo }),
    ...(typeof contentType === "string" ? { contentType: shortString(contentType) } : {}),
    durable: false,
    headers: {
      "proxymq-version": protocolVersion,
      ...head,
      stream,
      [SEQ]: seq,
      ...(last ? { last } : {}),
      ...(error === undefined ? {} : { error }),
    },
    body,
  };
}

/**
 * A message as the frame that it is.
 * @throws {EnvelopeError} it is no frame of this protocol.
 */
export function decodeFrame(message: Message): Frame {
  expectType(message, responseType);
  const { correlationId: id, headers, contentType, replyTo } = message;
  if (!id) throw new EnvelopeError("the correlation_id, which says the request, is missing");
  const { stream, [SEQ]: seq, last = false, error } = headers;
  if (typeof stream !== "string" || stream === "") {
    throw new EnvelopeError('the header "stream" is not a text');
  }
  if (typeof seq !== "number" || !(seq >= 0)) {
    throw new EnvelopeError('the header "seq" is not a number from 0');
  }
  if (typeof last !== "boolean") throw new EnvelopeError('the header "last" is not true or false');
  if (error !== undefined && typeof error !== "string") {
    throw new EnvelopeError('the header "error" is not a text');
  }
  return {
    id,
    stream,
    seq,
    ...(seq === 0 ? { head: headOf(message, contentType) } : {}),
    body: message.body,
    last,
    ...(error === undefined ? {} : { error }),
    creditTo: replyTo,
  };
}

function headOf({ headers }: Message, contentType: string | undefined): FrameHead {
  const { status } = headers;
  if (typeof status !== "number" || !(status >= 200 && status <= 599)) {
    throw new EnvelopeError('the header "status" is not a final HTTP status from 200 to 599');
  }
  return { status, headers: decodeHeaders(headers["headers"], contentType) };
}
