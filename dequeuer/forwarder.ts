import { errors } from "undici";
import { DeadlineWheel } from "../shared/deadline_wheel.ts";
import { toRawHeaders } from "../shared/http/headers.ts";
import type { QueuedRequest, QueuedResponse } from "../shared/message/envelope.ts";
import { ResponseTooLargeError, type Upstream, type UpstreamCall } from "./upstream.ts";

/** How a call to the microservice ended. */
export type ForwardResult =
  | { readonly kind: "response"; readonly response: QueuedResponse }
  | { readonly kind: "unreachable"; readonly detail: string }
  | { readonly kind: "timeout"; readonly detail: string }
  | { readonly kind: "invalid-request"; readonly detail: string }
  | { readonly kind: "invalid-response"; readonly detail: string }
  | { readonly kind: "cancelled" }
  | { readonly kind: "stopped" };

class TimeoutError extends Error {}
class StoppedError extends Error {}
class CancelledError extends Error {}

/** Calls the microservice with requests from the queue, each within its time. */
export class Forwarder implements Disposable {
  readonly #upstream: Upstream;
  readonly #timeoutMs: number;
  readonly #wheel = new DeadlineWheel();
  readonly #calls = new Set<UpstreamCall>();
  /** The calls by their requests' ids; a request that comes twice can be under way twice. */
  readonly #byId = new Map<string, Set<UpstreamCall>>();

  /** @param timeoutMs how long a call may take when the request's deadline leaves more. */
  constructor(upstream: Upstream, timeoutMs: number) {
    this.#upstream = upstream;
    this.#timeoutMs = timeoutMs;
  }

  /** How many calls are under way. */
  get inFlight(): number {
    return this.#calls.size;
  }

  /** Calls the microservice. Never rejects. */
  async forward(request: QueuedRequest, attempt: number): Promise<ForwardResult> {
    const now = Date.now();
    const remaining = request.deadline === undefined ? Infinity : request.deadline - now;
    const timeoutMs = Math.min(this.#timeoutMs, remaining);
    let call: UpstreamCall;
    try {
      call = this.#upstream.call({
        method: request.method,
        path: request.path,
        headers: upstreamHeaders(request, attempt, timeoutMs),
        body: request.body,
      });
    } catch (error) {
      return { kind: "invalid-request", detail: text(error) };
    }
    const deadline = this.#wheel.add(now + timeoutMs, () => call.abort(new TimeoutError()));
    this.#add(call, request.id);
    try {
      const response = await call.response;
      if (response.status < 200 || response.status > 599) {
        return { kind: "invalid-response", detail: `the status is ${response.status}` };
      }
      return { kind: "response", response };
    } catch (error) {
      return failure(error, timeoutMs);
    } finally {
      this.#delete(call, request.id);
      this.#wheel.cancel(deadline);
    }
  }

  /** Aborts the call with this request, if there is one under way; it ends as `cancelled`. */
  cancel(id: string): void {
    for (const call of this.#byId.get(id) ?? []) call.abort(new CancelledError());
  }

  /** Aborts the calls under way; they end as `stopped`. */
  stop(): void {
    for (const call of this.#calls) call.abort(new StoppedError());
  }

  [Symbol.dispose](): void {
    this.stop();
    this.#wheel[Symbol.dispose]();
  }

  #add(call: UpstreamCall, id: string | undefined): void {
    this.#calls.add(call);
    if (id === undefined) return;
    const same = this.#byId.get(id);
    if (same) same.add(call);
    else this.#byId.set(id, new Set([call]));
  }

  #delete(call: UpstreamCall, id: string | undefined): void {
    this.#calls.delete(call);
    const same = id === undefined ? undefined : this.#byId.get(id);
    same?.delete(call);
    if (id !== undefined && same?.size === 0) this.#byId.delete(id);
  }
}

function upstreamHeaders(request: QueuedRequest, attempt: number, timeoutMs: number): string[] {
  const { traceparent, tracestate, id } = request;
  return toRawHeaders({
    ...request.headers,
    "proxymq-attempt": String(attempt),
    ...(id === undefined ? {} : { "proxymq-request-id": id }),
    "proxymq-deadline": String(Math.round(timeoutMs)),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  });
}

function failure(error: unknown, timeoutMs: number): ForwardResult {
  if (error instanceof StoppedError) return { kind: "stopped" };
  if (error instanceof CancelledError) return { kind: "cancelled" };
  if (error instanceof TimeoutError) {
    return { kind: "timeout", detail: `the microservice did not answer within ${timeoutMs} ms` };
  }
  if (error instanceof ResponseTooLargeError) {
    return { kind: "invalid-response", detail: error.message };
  }
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError) {
    return { kind: "invalid-request", detail: text(error) };
  }
  if (error instanceof errors.HTTPParserError) {
    return { kind: "invalid-response", detail: text(error) };
  }
  return { kind: "unreachable", detail: text(error) };
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
