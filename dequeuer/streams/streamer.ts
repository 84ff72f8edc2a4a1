import type { Broker, Message } from "../../shared/broker/broker.ts";
import { BrokerError, MessageTooLargeError } from "../../shared/broker/errors.ts";
import { logger } from "../../shared/log.ts";
import { type Credit, decodeCredit } from "../../shared/message/credit.ts";
import type { QueuedRequest } from "../../shared/message/envelope.ts";
import { maxFrameBytes } from "../../shared/message/frame.ts";
import { isLiveReplyQueue } from "../../shared/message/reply_queue.ts";
import type { OnDisconnect } from "../cancellations.ts";
import type { Forwarder, ForwardResult } from "../forwarder.ts";
import { OutgoingStream, type StreamRequester } from "./outgoing_stream.ts";
import type { UpstreamStream } from "./upstream_stream.ts";

const log = logger("streamer");

/** How often the streams are looked at, milliseconds. */
const lookEveryMs = 1_000;

/** How a stream ended, as metrics say it. */
export type StreamEnd = "complete" | "broken-off" | "cancelled";

/** What {@link Streamer} needs. */
export interface StreamerDeps {
  readonly broker: Broker;
  readonly forwarder: Pick<Forwarder, "streamEnd">;
  readonly onDisconnect: OnDisconnect;
  /** The queue that credit goes to, while there is one. */
  readonly creditTo: () => string | undefined;
  readonly onFrame: () => void;
  readonly onEnd: (end: StreamEnd) => void;
}

/** What a stream is cut with whose requester is gone. */
class RequesterGoneError extends Error {}

/**
 * Passes responses on as they come, in frames, as fast as their requesters take them: without credit
 * nothing more is taken from the microservice.
 */
export class Streamer implements Disposable {
  readonly #deps: StreamerDeps;
  readonly #streams = new Map<string, Set<OutgoingStream>>();
  readonly #stop = new AbortController();
  #open = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(deps: StreamerDeps) {
    this.#deps = deps;
  }

  /** How many streams are open. */
  get open(): number {
    return this.#open;
  }

  /**
   * Whether a request's response may stream: its requester waits and takes frames, and nobody wants
   * the response as a whole.
   */
  takes(request: QueuedRequest): boolean {
    const { id, replyTo, window, tracked, callback } = request;
    return window !== undefined && !tracked && callback === undefined && id !== undefined &&
      replyTo !== undefined && isLiveReplyQueue(replyTo, id) &&
      this.#deps.creditTo() !== undefined;
  }

  /** Passes on the response to a request that it {@link takes}. Never rejects. */
  async pass(request: QueuedRequest, response: UpstreamStream): Promise<ForwardResult> {
    const { id = "", replyTo = "", window = 0 } = request;
    const to: StreamRequester = { id, replyTo, window };
    const { broker, creditTo, onFrame, onDisconnect, onEnd } = this.#deps;
    const onGone = (why: string) => {
      log.debug("nobody takes the stream of {requestId} any more: {why}", {
        requestId: to.id,
        why,
      });
      if (onDisconnect === "cancel") response.abort(new RequesterGoneError(why));
    };
    const deps = { broker, creditTo, onFrame, onGone };
    const stream = new OutgoingStream(deps, to, this.#stop.signal);
    this.#add(stream);
    const result = await this.#run(stream, response);
    this.#delete(stream);
    onEnd(
      result.kind === "streamed"
        ? "complete"
        : result.kind === "cancelled"
        ? "cancelled"
        : "broken-off",
    );
    return result;
  }

  /** Takes a credit. */
  hear(message: Message): void {
    let credit: Credit;
    try {
      credit = decodeCredit(message);
    } catch (error) {
      log.warn("a credit is not understood: {error}", { error });
      return;
    }
    for (const stream of this.#streams.get(credit.id) ?? []) {
      if (stream.stream !== credit.stream) continue;
      if (credit.bytes === undefined) stream.leave("it has said so");
      else stream.granted(credit.bytes);
    }
  }

  /** Nobody takes the response to a request any more. */
  leave(id: string): void {
    for (const stream of this.#streams.get(id) ?? []) stream.leave("the caller has hung up");
  }

  /** Gives up what the broker has not taken. */
  stop(): void {
    this.#stop.abort();
  }

  [Symbol.dispose](): void {
    this.stop();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #run(stream: OutgoingStream, response: UpstreamStream): Promise<ForwardResult> {
    // Whoever waits for credit is told of an abort by this alone.
    void response.closed.then(() => stream.wake());
    try {
      const { status, headers } = response;
      const most = Math.max(0, Math.min(maxFrameBytes, stream.credit.available));
      const body = most > 0 ? response.takeNow(most) : undefined;
      await stream.send({
        head: { status, headers },
        ...(body ? { body } : {}),
        last: response.done,
      });
      while (!stream.ended) {
        const most = await this.#credit(stream, response);
        const piece = await response.take(most);
        if (stream.gone && piece === undefined) break;
        await stream.send({ ...(piece ? { body: piece } : {}), last: response.done });
      }
      return { kind: "streamed", status };
    } catch (error) {
      return await this.#broken(stream, response, error);
    }
  }

  /** How much may be taken, bytes, as soon as it is something; nobody has to be waited for who left. */
  async #credit(stream: OutgoingStream, response: UpstreamStream): Promise<number> {
    while (stream.credit.available <= 0 && !stream.gone && !response.reason) await stream.change();
    return stream.gone ? maxFrameBytes : Math.min(maxFrameBytes, stream.credit.available);
  }

  async #broken(
    stream: OutgoingStream,
    response: UpstreamStream,
    error: unknown,
  ): Promise<ForwardResult> {
    if (error instanceof RequesterGoneError) return { kind: "cancelled" };
    response.abort(error instanceof Error ? error : new Error(String(error)));
    if (error instanceof MessageTooLargeError && stream.frames === 0) {
      return { kind: "invalid-response", detail: error.message };
    }
    const end = this.#deps.forwarder.streamEnd(error, response);
    const said = end.kind === "broken-off" ? end.detail : "the request was cancelled";
    // Whoever cannot be told notices by the silence.
    if (!(error instanceof BrokerError)) {
      await stream.send({ last: true, error: said }).catch(() => {});
    }
    return end;
  }

  #add(stream: OutgoingStream): void {
    const { id } = stream.to;
    const same = this.#streams.get(id);
    if (same) same.add(stream);
    else this.#streams.set(id, new Set([stream]));
    this.#open++;
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs);
  }

  #delete(stream: OutgoingStream): void {
    const { id } = stream.to;
    const same = this.#streams.get(id);
    same?.delete(stream);
    if (same?.size === 0) this.#streams.delete(id);
    if (--this.#open > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    for (const streams of this.#streams.values()) for (const stream of streams) stream.look();
  }
}
