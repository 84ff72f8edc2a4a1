import type { Frame, FrameHead } from "../../shared/message/frame.ts";
import { keepAliveMs, silenceMs } from "../../shared/message/frame.ts";

/** How much of a response may be under way before its caller has taken any of it, bytes. */
export const streamWindow = 1_048_576;
/** So much has to be taken before a new credit is worth a message, bytes. */
const creditStep = streamWindow / 4;

/**
 * How the stream of a response ended: whole; broken off, by its sender or on its way; or its caller
 * hung up.
 */
export type StreamEnd = "complete" | "broken-off" | "hung-up";

/** What an {@link IncomingStream} tells of. */
export interface IncomingEvents {
  /** The caller takes so many bytes in all; undefined: no more at all. */
  credit(bytes: number | undefined): void;
  /**
   * It has ended, once.
   * @param told whether its sender knows.
   */
  end(end: StreamEnd, why: string, told: boolean): void;
}

/** What the rest of a response ends with that broke off. */
export class BrokenStreamError extends Error {
  override name = "BrokenStreamError";
}

/**
 * A response that arrives in frames: in their order and without a gap, or it ends as an error. What
 * its caller has taken is what its sender gets credit for.
 */
export class IncomingStream {
  readonly id: string;
  readonly stream: string;
  readonly head: FrameHead;
  /** What the caller reads. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The queue that credit goes to. */
  creditTo: string | undefined;
  readonly #events: IncomingEvents;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #waiting: Uint8Array[] = [];
  #wanted: (() => void) | undefined;
  #next = 0;
  #whole = false;
  #ended = false;
  #taken = 0;
  #granted = streamWindow;
  #grantedAt: number;
  #heardAt: number;

  /** @param first the first frame, which is then to be taken as the others are. */
  constructor(first: Frame & { readonly head: FrameHead }, events: IncomingEvents) {
    const { id, stream, head } = first;
    this.id = id;
    this.stream = stream;
    this.head = head;
    this.#events = events;
    this.#grantedAt = this.#heardAt = performance.now();
    this.body = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () =>
        new Promise<void>((resolve) => {
          this.#wanted = resolve;
          this.#pass();
        }),
      cancel: () => this.hangUp(),
    }, { highWaterMark: 0 });
  }

  /** Takes a frame of this stream; one that came before is passed over. */
  take({ seq, body, last, error, creditTo }: Frame): void {
    if (this.#ended || seq < this.#next) return;
    this.#heardAt = performance.now();
    this.creditTo = creditTo ?? this.creditTo;
    if (seq > this.#next) {
      return this.fail(`frame ${this.#next} of it was lost on its way`, false);
    }
    this.#next++;
    if (error !== undefined) return this.fail(error, true);
    if (body.byteLength > 0) this.#waiting.push(body);
    this.#whole = last;
    this.#pass();
  }

  /** The caller gets no more of it. */
  hangUp(): void {
    this.#waiting = [];
    this.#end("hung-up", "the caller has hung up", this.#whole);
  }

  /**
   * What is still to come never will: the caller's response ends as an error.
   * @param told whether its sender knows.
   */
  fail(why: string, told: boolean): void {
    if (this.#ended) return;
    this.#waiting = [];
    this.#controller.error(new BrokenStreamError(`the response broke off: ${why}`));
    this.#end("broken-off", why, told);
  }

  /** To be called now and then: looks whether its sender is there, and says that its caller is. */
  look(): void {
    if (this.#ended || this.#whole) return;
    const now = performance.now();
    if (now - this.#heardAt >= silenceMs) {
      this.fail(`nothing came for ${silenceMs} ms: its dequeuer is gone, or the broker`, false);
    } else if (now - this.#grantedAt >= keepAliveMs) {
      this.#grant(now);
    }
  }

  /** Passes on a piece to a caller that wants one. */
  #pass(): void {
    if (!this.#wanted) return;
    const piece = this.#waiting.shift();
    if (piece) {
      this.#taken += piece.byteLength;
      this.#controller.enqueue(piece as Uint8Array<ArrayBuffer>);
    }
    if (this.#whole && this.#waiting.length === 0) {
      this.#controller.close();
      this.#end("complete", "", true);
    } else if (!piece) return;
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.();
    const due = this.#taken + streamWindow - this.#granted >= creditStep;
    if (due && !this.#whole && !this.#ended) this.#grant(performance.now());
  }

  #grant(now: number): void {
    this.#granted = this.#taken + streamWindow;
    this.#grantedAt = now;
    this.#events.credit(this.#granted);
  }

  #end(end: StreamEnd, why: string, told: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!told) this.#events.credit(undefined);
    this.#events.end(end, why, told);
    this.#wanted?.();
    this.#wanted = undefined;
  }
}
