import type { Message } from "../broker/broker.ts";
import { EnvelopeError, expectType, protocolVersion } from "./envelope.ts";

const noteType = "proxymq.spool";
const bodies = ["request", "response"] as const;

/** That there is a spool, for whoever looks after those that nobody else deletes. */
export interface SpoolNote {
  /** The spool's id. */
  readonly spool: string;
  /** Whose body it is. */
  readonly body: (typeof bodies)[number];
  /** The request's id. */
  readonly request: string;
  /** Until when a request's body may be asked for, epoch milliseconds. */
  readonly until: number;
}

/** A note as a message. */
export function encodeSpoolNote({ spool, body, request, until }: SpoolNote): Message {
  return {
    type: noteType,
    messageId: spool,
    correlationId: request,
    headers: { "proxymq-version": protocolVersion, spool, body, until },
    body: new Uint8Array(0),
  };
}

/**
 * A message as the note that it is.
 * @throws {EnvelopeError} it is none.
 */
export function decodeSpoolNote(message: Message): SpoolNote {
  expectType(message, noteType);
  const { correlationId: request, headers: { spool, body, until } } = message;
  if (!request) throw new EnvelopeError("the correlation_id, which says the request, is missing");
  if (typeof spool !== "string") throw new EnvelopeError('the header "spool" is not a text');
  const known = bodies.find((one) => one === body);
  if (!known) throw new EnvelopeError(`the header "body" is not one of ${bodies.join(", ")}`);
  if (typeof until !== "number") throw new EnvelopeError('the header "until" is not a time');
  return { spool, body: known, request, until };
}
