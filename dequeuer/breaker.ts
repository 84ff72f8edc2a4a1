import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  CountBreaker,
  handleWhenResult,
  type IBreaker,
} from "cockatiel";
import type { ForwardResult, Streaming } from "./forwarder.ts";
import type { Gate } from "./gate.ts";
import { logger } from "../shared/log.ts";

const log = logger("breaker");

/** When the breaker opens, and for how long. */
export interface BreakerOptions {
  /** Failures in a row. */
  readonly failures: number;
  /** The part of the last 100 calls, above 0 and below 1; it counts from 20 calls on. */
  readonly failureRate: number;
  /** How long it stays open before a probe, milliseconds. */
  readonly openMs: number;
}

/** The states of a circuit breaker. */
export type BreakerState = "closed" | "half-open" | "open";

/** Carries a result past the policy, which is to draw no conclusion from it. */
class NoConclusion {
  readonly result: ForwardResult | Streaming;

  constructor(result: ForwardResult | Streaming) {
    this.result = result;
  }
}

/** How a call through the breaker ended. */
export interface BreakerResult {
  readonly result: ForwardResult | Streaming;
  /** It was the probe of a breaker that is half-open. */
  readonly probe: boolean;
}

/**
 * Keeps requests from a microservice that fails. While it is open the gate is closed, so that
 * requests wait in the queue; then one request is let through as a probe, and its end decides.
 */
export class Breaker implements Disposable {
  readonly #policy: CircuitBreakerPolicy;
  readonly #gate: Gate;
  readonly #openMs: number;
  #probeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(gate: Gate, options: BreakerOptions) {
    this.#gate = gate;
    this.#openMs = options.openMs;
    this.#policy = circuitBreaker(
      handleWhenResult((result) => isFailure(result as ForwardResult | Streaming)),
      {
        halfOpenAfter: options.openMs,
        breaker: either(
          new ConsecutiveBreaker(options.failures),
          new CountBreaker({
            threshold: options.failureRate,
            size: 100,
            minimumNumberOfCalls: 20,
          }),
        ),
      },
    );
    this.#policy.onStateChange((state) => this.#changed(state));
  }

  get state(): BreakerState {
    switch (this.#policy.state) {
      case CircuitState.Closed:
        return "closed";
      case CircuitState.HalfOpen:
        return "half-open";
      default:
        return "open";
    }
  }

  /** Makes a call, or, while the breaker is open, does not and returns undefined. */
  async execute(
    call: () => Promise<ForwardResult | Streaming>,
  ): Promise<BreakerResult | undefined> {
    let probe = false;
    try {
      const result = await this.#policy.execute(async () => {
        probe = this.state === "half-open";
        const result = await call();
        if (result.kind === "cancelled" && !probe) throw new NoConclusion(result);
        return result;
      });
      return { result, probe };
    } catch (error) {
      if (error instanceof NoConclusion) return { result: error.result, probe };
      if (error instanceof BrokenCircuitError) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#probeTimer);
  }

  #changed(state: CircuitState): void {
    if (state === CircuitState.Open) {
      const why = `open: the microservice fails; a probe in ${this.#openMs} ms`;
      log.warn("{why}", { why });
      this.#gate.limit("breaker", 0, why);
      this.#probeTimer = setTimeout(
        () => this.#gate.limit("breaker", 1, "half-open: one request as a probe"),
        // The policy counts by the clock, which a timer may run ahead of by a millisecond or two.
        this.#openMs + 5,
      );
    } else if (state === CircuitState.Closed) {
      log.info("closed: the microservice answers again");
      this.#gate.lift("breaker");
    }
  }
}

/** Whether a call says that the microservice is in trouble, and not just the request. */
export function isFailure(result: ForwardResult | Streaming): boolean {
  switch (result.kind) {
    case "unreachable":
    case "timeout":
      return true;
    case "cancelled":
      // Only a probe's gets here: it has shown nothing, so that another one has to.
      return true;
    case "response":
      return [502, 503, 504].includes(result.response.status);
    case "streaming":
      return [502, 503, 504].includes(result.stream.status);
    default:
      return false;
  }
}

/** Opens when one of the two would. */
function either(one: IBreaker, other: IBreaker): IBreaker {
  return {
    state: undefined,
    success(state) {
      one.success(state);
      other.success(state);
    },
    failure(state) {
      const opens = [one.failure(state), other.failure(state)];
      return opens.includes(true);
    },
  };
}
