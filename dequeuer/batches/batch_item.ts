import type { QueuedRequest } from "../../shared/message/envelope.ts";
import type { EncodedBody } from "../../shared/message/encoded_body.ts";
import type { CallEnd } from "../calls.ts";
import type { ForwardResult } from "../forwarder.ts";

/** A request on its way through a batch, or several if they fail as a whole. */
export class BatchItem {
  readonly request: QueuedRequest;
  readonly attempt: number;
  readonly key: string;
  /** The largest batch that it may be in. */
  readonly limit: number;
  readonly body: EncodedBody;
  /** Told when it is about to be sent. */
  readonly onForward: (() => void) | undefined;
  /** How it ended; see {@link Calls.call}. */
  readonly end: Promise<CallEnd | undefined>;
  /** Told when it ends while a call with it is under way. */
  onLeave: ((result: ForwardResult) => void) | undefined;
  #ended = false;
  #resolve!: (end: CallEnd | undefined) => void;
  #reject!: (error: unknown) => void;

  constructor(
    request: QueuedRequest,
    options: {
      readonly attempt: number;
      readonly key: string;
      readonly limit: number;
      readonly body: EncodedBody;
      readonly onForward?: (() => void) | undefined;
    },
  ) {
    this.request = request;
    this.attempt = options.attempt;
    this.key = options.key;
    this.limit = options.limit;
    this.body = options.body;
    this.onForward = options.onForward;
    this.end = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Ends it, unless it has ended. */
  finish(result: ForwardResult, countsAttempt = true): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#resolve({ result, countsAttempt });
    this.onLeave?.(result);
  }

  /** Ends it untried. */
  postpone(): void {
    this.#ended = true;
    this.#resolve(undefined);
  }

  /** Ends it by a fault of ours. */
  fail(error: unknown): void {
    this.#ended = true;
    this.#reject(error);
  }
}
