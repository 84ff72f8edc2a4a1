import { Buffer } from "node:buffer";
import { DeadlineWheel } from "../../shared/deadline_wheel.ts";
import type { AnsweredItem } from "./batch_answer.ts";
import type { BatchItem } from "./batch_item.ts";
import { type BatchFormat, encodeBatch } from "./batch_request.ts";
import { type BatchSpan, startBatchSpan } from "./batch_span.ts";
import {
  type ForwardCall,
  type Forwarder,
  type ForwardResult,
  remainingMs,
  upstreamHeaders,
} from "../forwarder.ts";

/** How batches are sent. */
export interface SendingPolicy {
  /** Where the microservice takes batches. */
  readonly path: string;
  readonly format: BatchFormat;
  /** How long a call may take, milliseconds. */
  readonly timeoutMs: number;
}

/** How a call with a batch ended. */
export interface SentBatch {
  readonly result: ForwardResult;
  /** The items as the microservice knows them, in their order. */
  readonly items: readonly AnsweredItem[];
  /** Its caller's to end. */
  readonly span: BatchSpan;
}

/**
 * Calls the microservice with a batch. Items can leave the call while it is under way: one that is
 * cancelled, or whose deadline passes, ends by itself; when none is left the call is aborted.
 */
export class BatchSender implements Disposable {
  readonly #forwarder: Forwarder;
  readonly #queue: string;
  readonly #policy: SendingPolicy;
  readonly #wheel = new DeadlineWheel();

  /** @param queue where the requests come from, for traces. */
  constructor(forwarder: Forwarder, queue: string, policy: SendingPolicy) {
    this.#forwarder = forwarder;
    this.#queue = queue;
    this.#policy = policy;
  }

  /** Makes one call. Never rejects. */
  async send(items: readonly BatchItem[]): Promise<SentBatch> {
    const { format, path } = this.#policy;
    const now = Date.now();
    const ids = distinctIds(items);
    const timeouts = items.map(({ request }) =>
      Math.min(this.#policy.timeoutMs, remainingMs(request, now))
    );
    const entries = items.map(({ request, attempt, body }, i) => ({
      id: ids[i] ?? "",
      request,
      headers: upstreamHeaders(request, attempt, timeouts[i] ?? 0),
      body,
    }));
    const timeoutMs = Math.max(...timeouts);
    const span = startBatchSpan(this.#queue, items.map(({ request }) => request));
    const call = this.#forwarder.send({
      method: "POST",
      path,
      headers: [
        ...["content-type", "application/json"],
        ...["proxymq-deadline", String(Math.round(timeoutMs))],
        ...(span.traceparent === undefined ? [] : ["traceparent", span.traceparent]),
      ],
      body: Buffer.from(encodeBatch(entries, format)),
    }, timeoutMs);
    const unwatch = this.#watch(items, call, now);
    const result = await call.result;
    unwatch();
    const known = entries.map(({ id, request: { method } }) => ({ id, method }));
    return { result, items: known, span };
  }

  [Symbol.dispose](): void {
    this.#wheel[Symbol.dispose]();
  }

  #watch(items: readonly BatchItem[], call: ForwardCall, now: number): () => void {
    let left = items.length;
    const deadlines = items.flatMap((item) => {
      item.onLeave = (result) => {
        if (--left > 0) return;
        if (result.kind === "timeout") call.timeOut();
        else call.cancel();
      };
      const { deadline } = item.request;
      if (deadline === undefined || deadline >= now + this.#policy.timeoutMs) return [];
      const detail = `the microservice did not answer within ${Math.round(deadline - now)} ms`;
      return [this.#wheel.add(deadline, () => item.finish({ kind: "timeout", detail }))];
    });
    return () => {
      for (const item of items) item.onLeave = undefined;
      for (const deadline of deadlines) this.#wheel.cancel(deadline);
    };
  }
}

/** The items' ids; one that comes twice, or has none, gets another. */
function distinctIds(items: readonly BatchItem[]): string[] {
  const used = new Set<string>();
  return items.map(({ request }, i) => {
    const id = request.id === undefined || used.has(request.id)
      ? `${request.id ?? ""}#${i}`
      : request.id;
    used.add(id);
    return id;
  });
}
