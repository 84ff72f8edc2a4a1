import type { Message } from "../broker/broker.ts";
import { EnvelopeError, expectType, protocolVersion } from "./envelope.ts";

/** The type of a credit. */
export const creditType = "proxymq.credit";

/** How much of a streamed response its requester takes, or that it takes no more. */
export interface Credit {
  /** The request's id. */
  readonly id: string;
  /** The stream's, as in its frames. */
  readonly stream: string;
  /**
   * How many bytes of the body may have been sent in all, those that came before included: so a
   * credit that was lost is made up for by the next. Undefined: nobody reads it any more.
   */
  readonly bytes: number | undefined;
}

const nothing = new Uint8Array(0);

/** A credit as a message for the sender of a stream. */
export function encodeCredit({ id, stream, bytes }: Credit): Message {
  return {
    type: creditType,
    correlationId: id,
    durable: false,
    headers: {
      "proxymq-version": protocolVersion,
      stream,
      ...(bytes === undefined ? { stop: true } : { bytes }),
    },
    body: nothing,
  };
}

/**
 * A message as the credit that it is.
 * @throws {EnvelopeError} it is no credit of this protocol.
 */
export function decodeCredit(message: Message): Credit {
  expectType(message, creditType);
  const { correlationId: id, headers } = message;
  if (!id) throw new EnvelopeError("the correlation_id, which says the request, is missing");
  const { stream, bytes, stop } = headers;
  if (typeof stream !== "string") throw new EnvelopeError('the header "stream" is not a text');
  if (stop === true) return { id, stream, bytes: undefined };
  if (typeof bytes !== "number" || !(bytes >= 0)) {
    throw new EnvelopeError('the header "bytes" is not a number from 0');
  }
  return { id, stream, bytes };
}
