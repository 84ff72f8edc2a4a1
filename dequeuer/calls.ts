import type { QueuedRequest } from "../shared/message/envelope.ts";
import type { ForwardResult, Streaming } from "./forwarder.ts";

/** How a request's call to the microservice ended. */
export interface CallEnd {
  readonly result: ForwardResult | Streaming;
  /**
   * Whether a failure uses up an attempt: not that of a circuit breaker's probe, and not that of a
   * whole batch, where nobody knows whose fault it was.
   */
  readonly countsAttempt: boolean;
}

/** The way to the microservice: a call for each request, or one for many. */
export interface Calls extends AsyncDisposable {
  /**
   * Calls the microservice with a request, when there is a slot for it. Never rejects.
   * @param attempt as the microservice is told, from 1.
   * @param onForward told when the request is about to be sent; not if it never is.
   * @returns undefined if it was not tried, because the circuit breaker is open.
   */
  call(
    request: QueuedRequest,
    attempt: number,
    onForward?: () => void,
  ): Promise<CallEnd | undefined>;
  /** Ends the call of a request, wherever it is, as `cancelled`. */
  cancel(id: string): void;
  /** No more requests are to come but those that are on their way: nothing waits for others. */
  drain(): void;
  /** Ends all calls, as `stopped`. */
  stop(): void;
}
