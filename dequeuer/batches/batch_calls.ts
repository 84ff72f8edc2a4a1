import { setImmediate as nextTurn } from "node:timers/promises";
import { logger } from "../../shared/log.ts";
import { encodeBody } from "../../shared/message/encoded_body.ts";
import type { QueuedRequest } from "../../shared/message/envelope.ts";
import { BatchItem } from "./batch_item.ts";
import { batchKey } from "./batch_request.ts";
import { BatchSender, type SendingPolicy } from "./batch_sender.ts";
import { type BatchVerdict, verdictOf } from "./batch_verdict.ts";
import { batch, type FlushReason } from "../batcher.ts";
import { type Breaker, isFailure } from "../breaker.ts";
import type { CallEnd, Calls } from "../calls.ts";
import type { Cancellations } from "../cancellations.ts";
import { type Forwarder, type ForwardResult, remainingMs } from "../forwarder.ts";
import { isOverload, type Limits } from "../limits.ts";
import { collected } from "../spools/collected.ts";
import type { ReadSpooled } from "../spools/request_body.ts";
import { Pace } from "./pace.ts";
import { PushQueue } from "./push_queue.ts";
import { Suspects } from "./suspects.ts";

const log = logger("batches");

/** How batches are made and sent. */
export interface BatchPolicy extends SendingPolicy {
  /** The most that the bodies of a batch may take together, bytes. */
  readonly maxBytes: number;
  /** How long a request waits for others, milliseconds. */
  readonly lingerMs: number;
  /** The header, in lower case, whose value the requests of a batch have in common. */
  readonly keyHeader: string | undefined;
  /** The statuses of a whole batch that are failures which may pass. */
  readonly retryStatuses: ReadonlySet<number>;
}

/** What {@link BatchCalls} needs. */
export interface BatchCallsDeps {
  readonly forwarder: Forwarder;
  readonly breaker: Breaker;
  readonly cancellations: Cancellations;
  readonly limits: Limits;
  /** The queue that the requests come from, for traces. */
  readonly queue: string;
  /** Told of each batch before it is sent. */
  readonly onFlush: (items: number, waitMs: number, reason: FlushReason) => void;
  /** Reads the bodies that are in spools. */
  readonly readSpooled: ReadSpooled;
}

/**
 * One call to the microservice for many requests. An item waits in the batcher, goes with its like
 * when there is a slot, and ends with the result of its own that the answer holds; or it leaves
 * before: cancelled, expired, or timed out, and then the call goes on for the others. A batch that
 * fails as a whole is halved (see {@link verdictOf}).
 */
export class BatchCalls implements Calls {
  readonly #deps: BatchCallsDeps;
  readonly #policy: BatchPolicy;
  readonly #queue = new PushQueue<BatchItem>();
  readonly #items = new Set<BatchItem>();
  readonly #suspects = new Suspects();
  readonly #sender: BatchSender;
  readonly #pace: Pace;
  readonly #draining = new AbortController();
  readonly #running: Promise<void>;
  /** How many items are in calls that are under way. */
  #sent = 0;
  #stopped = false;

  constructor(deps: BatchCallsDeps, policy: BatchPolicy) {
    this.#deps = deps;
    this.#policy = policy;
    this.#sender = new BatchSender(deps.forwarder, deps.queue, policy);
    this.#pace = new Pace(policy.lingerMs);
    this.#running = this.#run();
  }

  async call(
    queued: QueuedRequest,
    attempt: number,
    onForward?: () => void,
  ): Promise<CallEnd | undefined> {
    const { format, keyHeader } = this.#policy;
    const request = queued.spooled ? await collected(queued, this.#deps.readSpooled) : queued;
    if (this.#stopped) return { result: { kind: "stopped" }, countsAttempt: false };
    if ("kind" in request) return { result: request, countsAttempt: true };
    const body = encodeBody(request);
    if (format === "bodies" && body.as !== "json") {
      const detail = "the microservice takes batches of JSON bodies; this body is none, or its " +
        "content-type does not say so";
      return { result: { kind: "invalid-request", detail }, countsAttempt: true };
    }
    const limit = this.#suspects.limit(request.id);
    const key = batchKey(request, format, keyHeader) + (limit < Infinity ? `\n${limit}` : "");
    const item = new BatchItem(request, { attempt, key, limit, body, onForward });
    this.#items.add(item);
    this.#pace.joined(key);
    this.#queue.push(item);
    try {
      return await item.end;
    } finally {
      this.#items.delete(item);
    }
  }

  cancel(id: string): void {
    for (const item of this.#items) {
      if (item.request.id === id) item.finish({ kind: "cancelled" });
    }
  }

  drain(): void {
    this.#draining.abort();
  }

  stop(): void {
    this.#stopped = true;
    this.#deps.forwarder.stop();
    for (const item of this.#items) item.finish({ kind: "stopped" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    this.#queue.end();
    await this.#running;
    this.#sender[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { limits, onFlush } = this.#deps;
    const { maxBytes, lingerMs } = this.#policy;
    const batches = batch(this.#queue, {
      maxItems: ({ limit }) => Math.min(limit, limits.batchSize),
      maxBytes,
      lingerMs,
      key: ({ key }) => key,
      size: ({ request }) => request.body.byteLength,
      dueAt: (key, firstAt, now) => this.#pace.dueAt(key, firstAt, now),
      signal: this.#draining.signal,
    });
    for (;;) {
      await limits.slots.available();
      const { done, value } = await batches.next();
      if (done) return;
      const { items, waitMs, reason } = value;
      onFlush(items.length, waitMs, reason);
      await limits.slots.acquire();
      void this.#send(items, reason === "full");
    }
  }

  /** Calls with items, in a slot that was acquired for it. Never rejects. */
  async #send(items: readonly BatchItem[], full: boolean): Promise<void> {
    const slot = once(() => this.#deps.limits.slots.release());
    try {
      let verdict: BatchVerdict | undefined;
      let present: readonly BatchItem[] = [];
      const end = await this.#deps.breaker.execute(async () => {
        present = items.filter((item) => this.#isWanted(item));
        if (present.length === 0) return { kind: "cancelled" };
        for (const item of present) item.onForward?.();
        verdict = await this.#call(present, full, slot);
        return summary(verdict);
      });
      slot();
      if (!end) { for (const item of items) item.postpone(); }
      else if (verdict) await this.#conclude(verdict, present, end.probe);
    } catch (error) {
      for (const item of items) item.fail(error);
    } finally {
      slot();
    }
  }

  /** Whether an item still waits for a result; one that nobody waits for ends here. */
  #isWanted(item: BatchItem): boolean {
    const { request } = item;
    if (this.#deps.cancellations.has(request.id)) item.finish({ kind: "cancelled" });
    else if (remainingMs(request, Date.now()) <= 0) item.finish({ kind: "expired" });
    return !item.ended;
  }

  /**
   * @param release gives the slot back: after an answer the next batch goes out before this one is
   * read and replied to. After a failure the circuit breaker has its say first.
   */
  async #call(
    items: readonly BatchItem[],
    full: boolean,
    release: () => void,
  ): Promise<BatchVerdict> {
    const { limits } = this.#deps;
    const { format, retryStatuses } = this.#policy;
    const start = performance.now();
    this.#pace.started();
    this.#sent += items.length;
    const { result, items: known, span } = await this.#sender.send(items);
    const end = performance.now();
    this.#sent -= items.length;
    const contended = limits.slots.contended && this.#items.size > this.#sent + items.length;
    const good = result.kind === "response" && result.response.status < 300;
    this.#pace.ended(items[0]?.key ?? "", good ? items.length : 0, end);
    if (good) {
      release();
      await nextTurn();
    }
    const failed = isOverload(result);
    // Any other end, a poisoned batch's or a cancelled one's, says nothing of the limits.
    if (good || failed) {
      limits.observe({ start, end, items: items.length, contended, full, failed });
    }
    const verdict = verdictOf(result, known, format, retryStatuses);
    span.end(verdict.kind === "each" ? undefined : detailOf(verdict.result));
    return verdict;
  }

  async #conclude(
    verdict: BatchVerdict,
    items: readonly BatchItem[],
    probe: boolean,
  ): Promise<void> {
    if (verdict.kind === "each") {
      const { results, remark } = verdict;
      if (remark !== undefined) log.warn("the answer to a batch is odd: {remark}", { remark });
      for (const [i, item] of items.entries()) {
        const result = results[i];
        if (!result) continue;
        if (result.kind === "response") this.#suspects.clear(item.request.id);
        item.finish(result, !probe);
      }
      return;
    }
    const { kind, result } = verdict;
    log.warn("a batch of {items} to {path} failed as a whole, {what}: {failure}", {
      path: this.#policy.path,
      items: items.length,
      what: kind === "halve"
        ? "its halves are tried at once"
        : "its items come again in smaller ones",
      failure: detailOf(result),
    });
    if (kind === "later") {
      const known = items.flatMap(({ request }) => request.id ?? []);
      this.#suspects.suspect(known, items.length);
      // One without an id cannot be told when it comes again: its attempts are all there is.
      for (const item of items) item.finish(result, item.request.id === undefined && !probe);
      return;
    }
    const half = Math.ceil(items.length / 2);
    for (const part of [items.slice(0, half), items.slice(half)]) {
      await this.#deps.limits.slots.acquire();
      await this.#send(part, false);
    }
  }
}

/** What the circuit breaker is told of a batch: it failed if none of its items got through. */
function summary(verdict: BatchVerdict): ForwardResult {
  if (verdict.kind !== "each") return verdict.result;
  const { results } = verdict;
  return results.find((result) => !isFailure(result)) ?? results[0] ?? { kind: "cancelled" };
}

function detailOf(result: ForwardResult): string {
  if (result.kind === "response") return `status ${result.response.status}`;
  return "detail" in result ? result.detail : result.kind;
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
