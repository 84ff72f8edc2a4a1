import type { Message } from "../broker/broker.ts";
import { EnvelopeError, expectType, protocolVersion } from "./envelope.ts";

const cancelType = "proxymq.cancel";
const reasons = ["disconnect", "requested"] as const;

/** Why a request is cancelled: its caller has hung up, or somebody has asked for it. */
export type CancelReason = (typeof reasons)[number];

/** Tells a service's dequeuers that nobody wants a request's response any more. */
export interface Cancel {
  /** The request's. */
  readonly id: string;
  readonly reason: CancelReason;
  /** Until when it is held, epoch milliseconds: the request's own deadline. */
  readonly deadline?: number;
}

const nothing = new Uint8Array(0);

/** A cancel as a message to be broadcast. */
export function encodeCancel({ id, reason, deadline }: Cancel): Message {
  return {
    type: cancelType,
    correlationId: id,
    durable: false,
    headers: {
      "proxymq-version": protocolVersion,
      reason,
      ...(deadline === undefined ? {} : { deadline }),
    },
    body: nothing,
  };
}

/**
 * A message as the cancel that it is.
 * @throws {EnvelopeError} it is no cancel of this protocol.
 */
export function decodeCancel(message: Message): Cancel {
  expectType(message, cancelType);
  const { correlationId: id, headers } = message;
  if (!id) throw new EnvelopeError("the correlation_id, which says the request, is missing");
  const reason = reasons.find((known) => known === headers["reason"]);
  if (!reason) throw new EnvelopeError(`the header "reason" is not one of ${reasons.join(", ")}`);
  const { deadline } = headers;
  if (deadline !== undefined && !Number.isFinite(deadline)) {
    throw new EnvelopeError('the header "deadline" is not a number of milliseconds');
  }
  return { id, reason, ...(typeof deadline === "number" ? { deadline } : {}) };
}
