import { Buffer } from "node:buffer";
import type { Dispatcher } from "undici";
import { responseHeaders } from "../shared/http/headers.ts";
import type { Laggards } from "./laggards.ts";
import type { QueuedResponse } from "../shared/message/envelope.ts";
import { contentLength, type StreamRule, streamStart } from "./streams/stream_rule.ts";
import { UpstreamStream } from "./streams/upstream_stream.ts";

/** How a response may be passed on as it comes. */
export interface Streaming {
  readonly rule: StreamRule;
  /** Looks again at those that could still turn out to be whole at once. */
  readonly laggards: Laggards<Exchange>;
}

/** A response that is larger than what is passed on. */
export class ResponseTooLargeError extends Error {
  override name = "ResponseTooLargeError";
}

/**
 * One call, as undici tells of it: collects the response, or, once that turns out to be one that
 * streams, hands it over while it comes.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** Rejects when the microservice cannot be reached, breaks off, or the call is aborted. */
  readonly response: Promise<QueuedResponse | UpstreamStream>;
  readonly #method: string;
  readonly #maxBodyBytes: number;
  /** Without it the response is collected whatever it is. */
  readonly #streaming: Streaming | undefined;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #status = 0;
  #headers: readonly string[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #ended = false;
  /** It may still begin to stream. */
  #watched = false;
  #stream: UpstreamStream | undefined;
  #resolve!: (response: QueuedResponse | UpstreamStream) => void;
  #reject!: (reason: unknown) => void;

  constructor(method: string, maxBodyBytes: number, streaming?: Streaming) {
    this.#method = method;
    this.#maxBodyBytes = maxBodyBytes;
    this.#streaming = streaming;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Aborts the call, which then rejects with `reason`. Does nothing once it has ended. */
  abort(reason: Error): void {
    this.#aborted ??= reason;
    this.#controller?.abort(reason);
    // A call that still waits for its connection has no controller to tell it.
    this.#reject(reason);
    this.#stream?.cut(reason);
  }

  /** It has taken longer than a moment since its head: it streams, unless it is whole by now. */
  late(): void {
    if (this.#watched && !this.#ended) this.#begin();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(this.#aborted);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = latin1(controller.rawHeaders);
    if (!this.#streaming) return;
    const head = { status, method: this.#method, headers: this.#headers };
    const start = streamStart(head, this.#streaming.rule);
    if (start === "stream") return this.#begin();
    this.#watched = start === "watch";
    if (this.#watched) this.#streaming.laggards.watch(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#stream) return this.#stream.push(chunk);
    this.#size += chunk.byteLength;
    if (this.#watched && this.#size > (this.#streaming?.rule.thresholdBytes ?? Infinity)) {
      this.#chunks.push(chunk);
      this.#begin();
    } else if (this.#size > this.#maxBodyBytes) {
      controller.abort(
        new ResponseTooLargeError(`the response's body is over ${this.#maxBodyBytes} bytes`),
      );
    } else {
      this.#chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    this.#ended = true;
    if (this.#stream) return this.#stream.end();
    this.#resolve({
      status: this.#status,
      headers: responseHeaders(this.#headers, this.#method),
      body: joined(this.#chunks, this.#size),
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#ended = true;
    if (this.#stream) this.#stream.fail(error);
    else this.#reject(error);
  }

  #begin(): void {
    const controller = this.#controller;
    if (!controller || this.#aborted) return;
    const headers = responseHeaders(this.#headers, this.#method);
    const length = contentLength(this.#headers);
    if (length !== undefined) headers["content-length"] = String(length);
    this.#watched = false;
    this.#stream = new UpstreamStream({ status: this.#status, headers }, controller);
    for (const chunk of this.#chunks) this.#stream.push(chunk);
    this.#chunks = [];
    this.#resolve(this.#stream);
  }
}

/** Header bytes as the strings that web `Headers` take: a byte a character. */
function latin1(raw: unknown): string[] {
  return Array.isArray(raw)
    ? raw.map((item) => item instanceof Uint8Array ? bytesToLatin1(item) : String(item))
    : [];
}

function bytesToLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  return Buffer.concat(chunks, size);
}
