import type { Broker, Message } from "../shared/broker/broker.ts";
import { BrokerUnavailableError, ReplyQueueLostError } from "../shared/broker/errors.ts";
import { type Deadline, DeadlineWheel } from "../shared/deadline_wheel.ts";
import { logger } from "../shared/log.ts";
import { SEQ } from "../shared/message/frame.ts";

const log = logger("reply-inbox");

interface Waiting {
  readonly resolve: (reply: Message | undefined) => void;
  readonly reject: (error: unknown) => void;
  readonly deadline: Deadline;
}

/** What takes the replies that come in frames. */
export interface Frames {
  /**
   * Takes a frame.
   * @param awaited whether somebody waits for the reply that it may begin.
   * @returns whether it begins that reply.
   */
  receive(frame: Message, awaited: boolean): boolean;
}

type Deliveries = AsyncIterable<{ readonly message: Message }>;

/**
 * Where the replies to this process arrive: one exclusive queue, one consumer, one map from the
 * request's id to who waits for it.
 */
export class ReplyInbox implements AsyncDisposable {
  readonly #broker: Broker;
  readonly #frames: Frames;
  readonly #onUnexpected: () => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #wheel = new DeadlineWheel();
  readonly #stop = new AbortController();
  readonly #name: string;
  /** How many queues were lost. */
  #lost = 0;
  #consuming: Promise<void> = Promise.resolve();
  #declared = false;

  /** @param onUnexpected called for a reply that nobody waits for; it is dropped. */
  constructor(broker: Broker, queue: string, frames: Frames, onUnexpected: () => void) {
    this.#broker = broker;
    this.#frames = frames;
    this.#name = queue;
    this.#onUnexpected = onUnexpected;
  }

  /** The queue's name, the `reply_to` of requests from now on. */
  get queue(): string {
    return this.#lost === 0 ? this.#name : `${this.#name}_${this.#lost}`;
  }

  /** Whether the queue is declared, so that replies can arrive. */
  get declared(): boolean {
    return this.#declared;
  }

  /** @throws {BrokerUnavailableError} the queue is not declared, so that no reply can arrive. */
  checkDeclared(): void {
    if (this.#declared) return;
    const { detail } = this.#broker.status;
    throw new BrokerUnavailableError(`the reply queue is not declared yet: ${detail}`);
  }

  /** How many callers wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Declares the queue, as soon as the broker can be reached, and consumes it from then on. */
  async start(): Promise<void> {
    const deliveries = await this.#declare();
    this.#consuming = this.#consume(deliveries);
  }

  /**
   * Waits for the reply to a request.
   * @param deadline epoch milliseconds.
   * @returns the reply, or its first frame, or undefined at the deadline; rejects with what {@link fail} is given.
   */
  expect(id: string, deadline: number): Promise<Message | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve,
        reject,
        deadline: this.#wheel.add(deadline, () => {
          this.#waiting.delete(id);
          resolve(undefined);
        }),
      });
    });
  }

  /**
   * Stops waiting for a reply, because none can come, or nobody wants it any more.
   * @returns whether it was still waited for.
   */
  fail(id: string, error: unknown): boolean {
    const waiting = this.#take(id);
    waiting?.reject(error);
    return waiting !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#consuming;
    for (const id of [...this.#waiting.keys()]) {
      this.fail(id, new BrokerUnavailableError("the enqueuer has closed its reply queue"));
    }
    this.#wheel[Symbol.dispose]();
  }

  async #declare(): Promise<Deliveries> {
    const { signal } = this.#stop;
    await this.#broker.declare({ kind: "reply", name: this.queue }, { signal });
    const deliveries = this.#broker.consume(this.queue, { prefetch: 1, signal });
    this.#declared = true;
    return deliveries;
  }

  /** Consumes until it is closed; a queue that is lost is followed by another. */
  async #consume(deliveries: Deliveries): Promise<void> {
    try {
      for (;;) {
        const lost = await this.#receive(deliveries);
        if (!lost) return;
        this.#declared = false;
        this.#lost++;
        log.warn("{reason}, with what is on its way there; {queue} takes its place", {
          reason: lost.message,
          queue: this.queue,
        });
        deliveries = await this.#declare();
      }
    } catch (error) {
      this.#declared = false;
      if (this.#stop.signal.aborted) return;
      log.error("the reply queue {queue} is consumed no longer: {error}", {
        queue: this.queue,
        error,
      });
    }
  }

  /** @returns the loss that has ended it, if it was one. */
  async #receive(deliveries: Deliveries): Promise<ReplyQueueLostError | undefined> {
    try {
      for await (const { message } of deliveries) {
        const id = message.correlationId;
        if (message.headers[SEQ] !== undefined && !this.#begins(id, message)) continue;
        const waiting = id === undefined ? undefined : this.#take(id);
        if (waiting) waiting.resolve(message);
        else this.#onUnexpected();
      }
    } catch (error) {
      if (error instanceof ReplyQueueLostError) return error;
      throw error;
    }
  }

  /** Whether a frame begins a reply that somebody waits for. */
  #begins(id: string | undefined, frame: Message): boolean {
    const awaited = id !== undefined && this.#waiting.has(id);
    return this.#frames.receive(frame, awaited);
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting) {
      this.#waiting.delete(id);
      this.#wheel.cancel(waiting.deadline);
    }
    return waiting;
  }
}
