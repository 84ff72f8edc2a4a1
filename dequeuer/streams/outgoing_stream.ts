import { v4 as uuidv4 } from "uuid";
import type { Broker } from "../../shared/broker/broker.ts";
import { offer } from "../../shared/broker/offer.ts";
import { encodeFrame, type Frame, keepAliveMs, silenceMs } from "../../shared/message/frame.ts";
import { StreamCredit } from "./stream_credit.ts";

/** Whom a stream is for. */
export interface StreamRequester {
  readonly id: string;
  readonly replyTo: string;
  /** How much it takes before its first credit, bytes. */
  readonly window: number;
}

/** What an {@link OutgoingStream} needs. */
export interface OutgoingDeps {
  readonly broker: Broker;
  /** The queue that credit goes to, while there is one. */
  readonly creditTo: () => string | undefined;
  /** Told of each frame. */
  readonly onFrame: () => void;
  /** Told when the requester is gone, once. */
  readonly onGone: (why: string) => void;
}

/** The part of a frame that its sender says. */
type FrameContent = Pick<Frame, "head" | "error"> & {
  readonly body?: Uint8Array;
  readonly last?: boolean;
};

/** From this size on, nobody is told of a frame that reaches no queue, bytes. */
const toldOfBytes = 16_384;

const nothing = new Uint8Array(0);

/**
 * A stream on its way to its requester: numbers its frames and sends them one after the other,
 * keeps its credit, and looks whether the requester is still there.
 */
export class OutgoingStream {
  readonly stream: string = uuidv4();
  readonly to: StreamRequester;
  readonly credit: StreamCredit;
  readonly #deps: OutgoingDeps;
  readonly #stop: AbortSignal;
  #seq = 0;
  #sentAt: number;
  #sending: Promise<unknown> = Promise.resolve();
  #unsent = 0;
  #ended = false;
  #gone = false;
  #changed: (() => void) | undefined;

  /** @param stop aborts what the broker has not taken. */
  constructor(deps: OutgoingDeps, to: StreamRequester, stop: AbortSignal) {
    const now = performance.now();
    this.#deps = deps;
    this.#stop = stop;
    this.to = to;
    this.credit = new StreamCredit(to.window, now);
    this.#sentAt = now;
  }

  /** Whether nobody takes it any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Whether its last frame was sent. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How many frames were sent. */
  get frames(): number {
    return this.#seq;
  }

  /**
   * Sends a frame, after those before it. While the broker does not take it, it is offered again for
   * as long as the requester would wait.
   * @throws {BrokerError} the broker did not take it.
   */
  send(content: FrameContent): Promise<void> {
    this.#unsent++;
    const sent = this.#sending.then(() => this.#send(content)).finally(() => this.#unsent--);
    this.#sending = sent.catch(() => {});
    return sent;
  }

  /** Resolves at the next {@link wake}. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#changed = resolve);
  }

  /** Has whoever waits for a change look again. */
  wake(): void {
    this.#changed?.();
    this.#changed = undefined;
  }

  /** The requester takes so many bytes in all. */
  granted(bytes: number): void {
    this.credit.grant(bytes, performance.now());
    this.wake();
  }

  /** Nobody takes it any more. */
  leave(why: string): void {
    if (this.#gone || this.#ended) return;
    this.#gone = true;
    this.#deps.onGone(why);
    this.wake();
  }

  /** To be called now and then: says that it is still there, and looks whether the requester is. */
  look(): void {
    if (this.#gone || this.#ended) return;
    const now = performance.now();
    if (this.credit.silence(now) >= silenceMs) {
      this.leave(`no credit came for ${silenceMs} ms`);
    } else if (this.#unsent === 0 && now - this.#sentAt >= keepAliveMs) {
      // A failure shows at the next frame of its own accord.
      this.send({}).catch(() => {});
    }
  }

  async #send({ head, body = nothing, last = false, error }: FrameContent): Promise<void> {
    if (this.#gone || this.#ended) return;
    const { broker, creditTo, onFrame } = this.#deps;
    const message = encodeFrame({
      id: this.to.id,
      stream: this.stream,
      seq: this.#seq,
      ...(head === undefined ? {} : { head }),
      body,
      last,
      ...(error === undefined ? {} : { error }),
      creditTo: creditTo(),
    });
    const onUnroutable = () => this.leave("its reply queue is gone");
    // A driver may keep what it is to tell of: too much, for what comes by the gigabyte.
    const tells = body.byteLength < toldOfBytes;
    const options = { confirm: false, ...(tells ? { onUnroutable } : {}) };
    await offer(() => broker.publish({ queue: this.to.replyTo }, [message], options), {
      until: Date.now() + silenceMs,
      signal: this.#stop,
    });
    this.#sentAt = performance.now();
    this.#seq++;
    this.credit.spend(body.byteLength);
    this.#ended = last;
    onFrame();
  }
}
