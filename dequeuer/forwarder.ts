import { errors } from "undici";
import { DeadlineWheel } from "../shared/deadline_wheel.ts";
import { type HeaderTable, toRawHeaders } from "../shared/http/headers.ts";
import { SpoolNotFoundError } from "../shared/broker/errors.ts";
import type { QueuedRequest, QueuedResponse } from "../shared/message/envelope.ts";
import { SpoolBrokenError, SpoolSilentError } from "../shared/spool/spool_store.ts";
import { type Exchange, ResponseTooLargeError } from "./exchange.ts";
import type { StreamsTo, Upstream, UpstreamRequest } from "./upstream.ts";
import { type ReadSpooled, RequestBody } from "./spools/request_body.ts";
import { UpstreamStream } from "./streams/upstream_stream.ts";

/** How a call to the microservice ended. */
export type ForwardResult =
  | { readonly kind: "response"; readonly response: QueuedResponse }
  | { readonly kind: "unreachable"; readonly detail: string }
  | { readonly kind: "timeout"; readonly detail: string }
  /** Its body is not in its spool any more, or not whole. */
  | { readonly kind: "body-gone"; readonly detail: string }
  /** Its body could not be read just now. */
  | { readonly kind: "body-unreadable"; readonly detail: string }
  | { readonly kind: "invalid-request"; readonly detail: string }
  | { readonly kind: "invalid-response"; readonly detail: string }
  /** Of a batch's item: not done, says the microservice, or says nothing of it. */
  | { readonly kind: "failed"; readonly detail: string }
  /** Of a batch's item: never to be done, says the microservice. */
  | { readonly kind: "dropped"; readonly detail: string }
  /** It was passed on as it came, to its end. */
  | { readonly kind: "streamed"; readonly status: number }
  /** It was passed on as it came, and did not come to its end. */
  | { readonly kind: "broken-off"; readonly status: number; readonly detail: string }
  /** It was written to a spool as it came, to its end, and its requester knows. */
  | { readonly kind: "spooled"; readonly response: QueuedResponse }
  /** It did not come to its end, and nobody has to keep what came. */
  | { readonly kind: "cut-off"; readonly detail: string }
  /** Its deadline passed before it was sent. */
  | { readonly kind: "expired" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "stopped" };

/** A response that still comes, to be passed on as it does. */
export interface Streaming {
  readonly kind: "streaming";
  readonly stream: UpstreamStream;
}

class TimeoutError extends Error {}
class StoppedError extends Error {}
class CancelledError extends Error {}

/** A call that is under way. */
export interface ForwardCall<Result = ForwardResult> {
  /** Never rejects. */
  readonly result: Promise<Result>;
  /** Aborts it; it ends as `cancelled`. */
  cancel(): void;
  /** Aborts it before its time is over; it ends as `timeout`. */
  timeOut(): void;
}

/** Calls the microservice with requests from the queue, each within its time. */
export class Forwarder implements Disposable {
  readonly #upstream: Upstream;
  readonly #timeoutMs: number;
  readonly #readSpooled: ReadSpooled | undefined;
  readonly #wheel = new DeadlineWheel();
  readonly #calls = new Set<Exchange>();
  /** The calls by their requests' ids; a request that comes twice can be under way twice. */
  readonly #byId = new Map<string, Set<ForwardCall<unknown>>>();

  /**
   * @param timeoutMs how long a call may take when the request's deadline leaves more; of one whose
   * response streams, how long it may take to its head, and then from one piece to the next; and
   * likewise of one whose body is in a spool.
   * @param readSpooled reads those bodies.
   */
  constructor(upstream: Upstream, timeoutMs: number, readSpooled?: ReadSpooled) {
    this.#upstream = upstream;
    this.#timeoutMs = timeoutMs;
    this.#readSpooled = readSpooled;
  }

  /** How many calls are under way. */
  get inFlight(): number {
    return this.#calls.size;
  }

  /**
   * Calls the microservice with a request. Never rejects.
   * @param streams how the response may come as a stream, if so.
   */
  async forward(
    request: QueuedRequest,
    attempt: number,
    streams?: StreamsTo,
  ): Promise<ForwardResult | Streaming> {
    const leftMs = remainingMs(request, Date.now());
    const timeoutMs = Math.min(this.#timeoutMs, leftMs);
    const headers = toRawHeaders(upstreamHeaders(request, attempt, timeoutMs));
    const body = this.#bodyOf(request);
    if (body instanceof RequestBody) headers.push("content-length", String(body.size));
    const { method, path } = request;
    const call = this.#call({ method, path, headers, body }, timeoutMs, streams, leftMs);
    const close = () => {
      this.#delete(call, request.id);
      if (body instanceof RequestBody) body.close();
    };
    this.#add(call, request.id);
    const result = await call.result;
    if (result.kind === "streaming") void result.stream.closed.then(close);
    else close();
    return result;
  }

  /** Calls the microservice, for no longer than `timeoutMs`, and collects the response. */
  send(request: UpstreamRequest, timeoutMs = this.#timeoutMs): ForwardCall {
    // Nothing streams that was not asked to.
    return this.#call(request, timeoutMs, undefined) as ForwardCall;
  }

  /** Aborts the call with this request, if there is one under way; it ends as `cancelled`. */
  cancel(id: string): void {
    for (const call of this.#byId.get(id) ?? []) call.cancel();
  }

  /** Aborts the calls under way; they end as `stopped`. */
  stop(): void {
    for (const call of this.#calls) call.abort(new StoppedError());
  }

  [Symbol.dispose](): void {
    this.stop();
    this.#wheel[Symbol.dispose]();
  }

  #bodyOf({ body, spooled }: QueuedRequest): Uint8Array | RequestBody {
    if (!spooled) return body;
    if (this.#readSpooled) return new RequestBody(this.#readSpooled, spooled);
    throw new Error("spools are not read here");
  }

  /** @param leftMs how long it may take if its body still moves, milliseconds. */
  #call(
    request: UpstreamRequest,
    timeoutMs: number,
    streams: StreamsTo | undefined,
    leftMs = timeoutMs,
  ): ForwardCall<ForwardResult | Streaming> {
    let call: Exchange;
    try {
      call = this.#upstream.call(request, streams);
    } catch (error) {
      const result = Promise.resolve({ kind: "invalid-request", detail: text(error) } as const);
      return { result, cancel() {}, timeOut() {} };
    }
    const { body } = request;
    const until = Date.now() + leftMs;
    const timeOut = () => call.abort(new TimeoutError());
    const look = () => {
      const next = body instanceof RequestBody ? Math.min(until, body.movedAt + timeoutMs) : 0;
      if (next <= Date.now()) timeOut();
      else deadline = this.#wheel.add(next, look);
    };
    let deadline = this.#wheel.add(Date.now() + timeoutMs, look);
    this.#calls.add(call);
    const result = call.response.then((response) => {
      this.#wheel.cancel(deadline);
      if (response instanceof UpstreamStream) return this.#streaming(call, response);
      this.#calls.delete(call);
      return toResult(response);
    }, (error) => {
      this.#wheel.cancel(deadline);
      this.#calls.delete(call);
      const unread = body instanceof RequestBody ? body.failure : undefined;
      return unread ? bodyFailure(unread.error) : failure(error, timeoutMs);
    });
    return { result, cancel: () => call.abort(new CancelledError()), timeOut };
  }

  #streaming(call: Exchange, stream: UpstreamStream): Streaming {
    const look = () => {
      const now = Date.now();
      const since = stream.waitingSince ?? now;
      if (now - since >= this.#timeoutMs) call.abort(new TimeoutError());
      else deadline = this.#wheel.add(since + this.#timeoutMs, look);
    };
    let deadline = this.#wheel.add(Date.now() + this.#timeoutMs, look);
    void stream.closed.then(() => {
      this.#calls.delete(call);
      this.#wheel.cancel(deadline);
    });
    return { kind: "streaming", stream };
  }

  /**
   * How a stream ended that did not come to its end.
   * @param error what taking from it threw.
   */
  streamEnd(error: unknown, { status }: UpstreamStream): ForwardResult {
    const end = failure(error, this.#timeoutMs);
    if (end.kind === "cancelled") return end;
    if (end.kind === "timeout") {
      const detail = `the microservice sent nothing for ${this.#timeoutMs} ms`;
      return { kind: "broken-off", status, detail };
    }
    const detail = "detail" in end ? end.detail : "the dequeuer was shut down";
    return { kind: "broken-off", status, detail };
  }

  /** The same of a stream that was written to a spool, where it can be written anew. */
  storedEnd(
    error: unknown,
    stream: UpstreamStream,
  ): Extract<ForwardResult, { kind: "cancelled" | "stopped" | "cut-off" }> {
    if (error instanceof StoppedError) return { kind: "stopped" };
    const end = this.streamEnd(error, stream);
    if (end.kind === "cancelled") return end;
    return { kind: "cut-off", detail: "detail" in end ? end.detail : end.kind };
  }

  #add(call: ForwardCall<unknown>, id: string | undefined): void {
    if (id === undefined) return;
    const same = this.#byId.get(id);
    if (same) same.add(call);
    else this.#byId.set(id, new Set([call]));
  }

  #delete(call: ForwardCall<unknown>, id: string | undefined): void {
    const same = id === undefined ? undefined : this.#byId.get(id);
    same?.delete(call);
    if (id !== undefined && same?.size === 0) this.#byId.delete(id);
  }
}

/** How long anyone waits for a request's response, milliseconds; Infinity without a deadline. */
export function remainingMs({ deadline }: QueuedRequest, now: number): number {
  return deadline === undefined ? Infinity : deadline - now;
}

/**
 * A request's headers as the microservice gets them: the caller's, and ProxyMQ's own.
 * @param timeoutMs how long the call may take.
 */
export function upstreamHeaders(
  { headers, id, topic, traceparent, tracestate }: QueuedRequest,
  attempt: number,
  timeoutMs: number,
): HeaderTable {
  return {
    ...headers,
    "proxymq-attempt": String(attempt),
    ...(id === undefined ? {} : { "proxymq-request-id": id }),
    ...(topic === undefined ? {} : { "proxymq-topic": topic }),
    "proxymq-deadline": String(Math.round(timeoutMs)),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}

function toResult(response: QueuedResponse): ForwardResult {
  return response.status >= 200 && response.status <= 599
    ? { kind: "response", response }
    : { kind: "invalid-response", detail: `the status is ${response.status}` };
}

/** How a call ended whose body could not be read. */
export function bodyFailure(error: unknown): Extract<ForwardResult, { detail: string }> {
  const detail = `the request's body: ${text(error)}`;
  const gone = error instanceof SpoolNotFoundError ||
    error instanceof SpoolBrokenError && !(error instanceof SpoolSilentError);
  return { kind: gone ? "body-gone" : "body-unreadable", detail };
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
