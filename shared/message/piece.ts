import type { Message } from "../broker/broker.ts";
import type { Piece } from "../spool/spool_store.ts";
import { EnvelopeError, expectType, protocolVersion } from "./envelope.ts";
import { SEQ } from "./frame.ts";

const pieceType = "proxymq.piece";

/** A piece of a spool as a message. */
export function encodePiece(id: string, { seq, at, body, last, error }: Piece): Message {
  return {
    type: pieceType,
    correlationId: id,
    headers: {
      "proxymq-version": protocolVersion,
      [SEQ]: seq,
      at,
      ...(last ? { last } : {}),
      ...(error === undefined ? {} : { error }),
    },
    body,
  };
}

/**
 * A message as the piece that it is.
 * @throws {EnvelopeError} it is no piece of this protocol.
 */
export function decodePiece(message: Message): Piece {
  expectType(message, pieceType);
  const { [SEQ]: seq, at, last = false, error } = message.headers;
  if (!isCount(seq)) throw new EnvelopeError('the header "seq" is not a number from 0');
  if (!isCount(at)) throw new EnvelopeError('the header "at" is not a number of bytes from 0');
  if (typeof last !== "boolean") throw new EnvelopeError('the header "last" is not true or false');
  if (error !== undefined && typeof error !== "string") {
    throw new EnvelopeError('the header "error" is not a text');
  }
  return { seq, at, body: message.body, last, ...(error === undefined ? {} : { error }) };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
