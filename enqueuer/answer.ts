import type { Message } from "../shared/broker/broker.ts";
import { decodeResponse } from "../shared/message/envelope.ts";
import { SEQ } from "../shared/message/frame.ts";
import type { Spools } from "../shared/spool/spools.ts";
import type { OnLeft, ReplyStreams } from "./streams/reply_streams.ts";
import { toStreamedResponse } from "./response.ts";
import { wholeResponse } from "./stored/stored_response.ts";

/**
 * A reply as the caller's response: whole, or as it arrives.
 * @param onLeft told if it arrives piece by piece and the caller does not get all of it, unless its
 * sender knows.
 * @throws {EnvelopeError} it is no response of the protocol.
 */
export function answer(
  { streams, spools }: { readonly streams: ReplyStreams; readonly spools: Spools },
  reply: Message,
  caller: Request,
  onLeft: OnLeft,
): Response {
  if (reply.headers[SEQ] === undefined) return wholeResponse(spools, decodeResponse(reply));
  const stream = streams.claim(reply, onLeft);
  try {
    const response = toStreamedResponse(stream);
    // One who has hung up by now reads nothing, so that the body is not told of it.
    if (caller.signal.aborted) stream.hangUp();
    else caller.signal.addEventListener("abort", () => stream.hangUp(), { once: true });
    return response;
  } catch (error) {
    stream.fail(error instanceof Error ? error.message : String(error), false);
    throw error;
  }
}
