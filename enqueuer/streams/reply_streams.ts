import type { Broker, Message } from "../../shared/broker/broker.ts";
import { logger } from "../../shared/log.ts";
import { encodeCredit } from "../../shared/message/credit.ts";
import { EnvelopeError } from "../../shared/message/envelope.ts";
import { decodeFrame, type Frame } from "../../shared/message/frame.ts";
import { IncomingStream, type StreamEnd } from "./incoming_stream.ts";

const log = logger("streams");

/** How often the streams are looked at, milliseconds. */
const lookEveryMs = 1_000;

/** What {@link ReplyStreams} tells of. */
export interface ReplyStreamsEvents {
  /** Told of each stream by how it ended. */
  readonly onEnd: (end: StreamEnd) => void;
}

/** Told of a stream that nobody gets the rest of, and whose sender may not know. */
export type OnLeft = (end: Exclude<StreamEnd, "complete">) => void;

/** A stream, and who is to be told of its end. */
interface Open {
  readonly stream: IncomingStream;
  onLeft: OnLeft | undefined;
}

/** The responses that arrive in frames: one map from the request's id to its stream. */
export class ReplyStreams implements Disposable {
  readonly #broker: Broker;
  readonly #events: ReplyStreamsEvents;
  readonly #streams = new Map<string, Open>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(broker: Broker, events: ReplyStreamsEvents) {
    this.#broker = broker;
    this.#events = events;
  }

  /** How many are open. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Takes a frame.
   * @param awaited whether somebody waits for the response that it may begin.
   * @returns whether it begins that response. One that is no frame of the protocol does so too, so
   * that {@link claim} says what is wrong with it.
   */
  receive(message: Message, awaited: boolean): boolean {
    let frame: Frame;
    try {
      frame = decodeFrame(message);
    } catch (error) {
      if (!awaited) log.warn("a frame is not understood: {error}", { error });
      return awaited;
    }
    const open = this.#streams.get(frame.id)?.stream;
    if (open?.stream === frame.stream) open.take(frame);
    else if (!open && awaited && frame.head) {
      this.#open({ ...frame, head: frame.head });
      return true;
    } else if (!frame.last) this.#credit(frame, undefined);
    return false;
  }

  /**
   * The stream that a frame has begun.
   * @param onLeft told if nobody gets all of it.
   * @throws {EnvelopeError} it is no frame of the protocol.
   */
  claim(message: Message, onLeft: OnLeft): IncomingStream {
    const { id } = decodeFrame(message);
    const open = this.#streams.get(id);
    if (open) open.onLeft = onLeft;
    if (open) return open.stream;
    throw new EnvelopeError("it broke off at its beginning");
  }

  /** Ends all as errors. */
  [Symbol.dispose](): void {
    for (const { stream } of [...this.#streams.values()]) {
      stream.fail("the enqueuer was shut down", false);
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #open(first: Frame & { readonly head: NonNullable<Frame["head"]> }): void {
    const { id } = first;
    const stream = new IncomingStream(first, {
      credit: (bytes) => this.#credit(stream, bytes),
      end: (end, why, told) => this.#ended(open, end, why, told),
    });
    const open: Open = { stream, onLeft: undefined };
    this.#streams.set(id, open);
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs);
    stream.take(first);
  }

  #credit(
    { id, stream, creditTo }: Pick<Frame, "id" | "stream" | "creditTo">,
    bytes: number | undefined,
  ): void {
    if (creditTo === undefined) return;
    const credit = encodeCredit({ id, stream, bytes });
    // One that is lost is made up for by the next, a stop by the silence that follows.
    this.#broker.publish({ queue: creditTo }, [credit], { confirm: false }).catch(() => {});
  }

  #ended({ stream, onLeft }: Open, end: StreamEnd, why: string, told: boolean): void {
    this.#streams.delete(stream.id);
    if (this.#streams.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#events.onEnd(end);
    if (end === "broken-off") {
      log.warn("the response to request {requestId} broke off: {why}", {
        requestId: stream.id,
        why,
      });
    }
    if (end !== "complete" && !told) onLeft?.(end);
  }

  #look(): void {
    for (const { stream } of [...this.#streams.values()]) stream.look();
  }
}
