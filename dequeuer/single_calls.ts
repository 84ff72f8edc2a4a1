import type { QueuedRequest } from "../shared/message/envelope.ts";
import type { Breaker } from "./breaker.ts";
import type { CallEnd, Calls } from "./calls.ts";
import type { Cancellations } from "./cancellations.ts";
import { type Forwarder, type ForwardResult, remainingMs, type Streaming } from "./forwarder.ts";
import { isOverload, type Limits } from "./limits.ts";
import type { StreamsTo } from "./upstream.ts";

/** What {@link SingleCalls} needs. */
export interface SingleCallsDeps {
  readonly forwarder: Forwarder;
  readonly breaker: Breaker;
  readonly cancellations: Cancellations;
  /** Bounds the calls, where the prefetch alone does not: it is to be found how many are best. */
  readonly limits?: Limits | undefined;
  /** How a request's response may be passed on as it comes, if so. */
  readonly streams: (request: QueuedRequest) => StreamsTo | undefined;
}

/** A call to the microservice for each request. */
export class SingleCalls implements Calls {
  readonly #deps: SingleCallsDeps;
  #stopped = false;

  constructor(deps: SingleCallsDeps) {
    this.#deps = deps;
  }

  async call(
    request: QueuedRequest,
    attempt: number,
    onForward?: () => void,
  ): Promise<CallEnd | undefined> {
    const { limits, breaker } = this.#deps;
    await limits?.slots.acquire();
    let stream: Streaming["stream"] | undefined;
    try {
      const end = await breaker.execute(() => this.#forward(request, attempt, onForward));
      if (end?.result.kind === "streaming") stream = end.result.stream;
      return end && { result: end.result, countsAttempt: !end.probe };
    } finally {
      if (!stream) limits?.slots.release();
      else void stream.closed.then(() => limits?.slots.release());
    }
  }

  cancel(id: string): void {
    this.#deps.forwarder.cancel(id);
  }

  drain(): void {}

  stop(): void {
    this.#stopped = true;
    this.#deps.forwarder.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #forward(
    request: QueuedRequest,
    attempt: number,
    onForward?: () => void,
  ): Promise<ForwardResult | Streaming> {
    const { forwarder, cancellations, limits, streams } = this.#deps;
    // It may have waited for a slot, or the breaker may have held it back until a probe had ended.
    if (cancellations.has(request.id)) return { kind: "cancelled" };
    if (this.#stopped) return { kind: "stopped" };
    if (remainingMs(request, Date.now()) <= 0) return { kind: "expired" };
    onForward?.();
    const start = performance.now();
    const result = await forwarder.forward(request, attempt, streams(request));
    const failed = isOverload(result);
    if (limits && (failed || result.kind === "response")) {
      const end = performance.now();
      const { contended } = limits.slots;
      limits.observe({ start, end, items: 1, contended, full: true, failed });
    }
    return result;
  }
}
