import { v4 as uuidv4 } from "uuid";
import type { Delivery } from "../../shared/broker/broker.ts";
import { BrokerError } from "../../shared/broker/errors.ts";
import { offer } from "../../shared/broker/offer.ts";
import type { QueuedRequest, QueuedResponse } from "../../shared/message/envelope.ts";
import { silenceMs } from "../../shared/message/frame.ts";
import type { SpoolNote } from "../../shared/message/spool_note.ts";
import { maxPieceBytes } from "../../shared/spool/spool_store.ts";
import type { SpoolWriter } from "../../shared/spool/spool_writer.ts";
import type { Spools } from "../../shared/spool/spools.ts";
import type { Forwarder, ForwardResult } from "../forwarder.ts";
import type { Recorder } from "../recorder.ts";
import type { Replier } from "../replier.ts";
import type { UpstreamStream } from "../streams/upstream_stream.ts";

/** How often a response that is still being written is told of again, milliseconds. */
const tellAgainMs = 5 * 60_000;

/** What {@link ResponseSpooler} needs. */
export interface ResponseSpoolerDeps {
  readonly spools: Spools;
  readonly forwarder: Pick<Forwarder, "storedEnd">;
  readonly recorder: Pick<Recorder, "head">;
  readonly replier: Pick<Replier, "reply">;
}

const nothing = new Uint8Array(0);

/**
 * Writes responses into spools as they come, for callers who fetch them later, and for one who waits:
 * that one is told of the spool as soon as the head is there, and reads it.
 */
export class ResponseSpooler {
  readonly #deps: ResponseSpoolerDeps;

  constructor(deps: ResponseSpoolerDeps) {
    this.#deps = deps;
  }

  /** Whether a request's response may go to a spool. */
  takes({ id, tracked, takesSpool }: QueuedRequest): boolean {
    return id !== undefined && tracked === true && takesSpool === true;
  }

  /**
   * Writes the response to a request that it {@link takes}.
   * @throws {BrokerError} the broker did not take it, so that the request has to come again.
   */
  async pass(
    request: QueuedRequest,
    delivery: Delivery,
    response: UpstreamStream,
  ): Promise<ForwardResult> {
    const { id = "" } = request;
    const note: SpoolNote = {
      spool: `${id}_response_${uuidv4()}`,
      body: "response",
      request: id,
      until: 0,
    };
    let writer: SpoolWriter | undefined;
    try {
      writer = await this.#begin(note);
      return await this.#write(request, delivery, response, writer);
    } catch (error) {
      response.abort(error instanceof Error ? error : new Error(String(error)));
      if (error instanceof BrokerError) throw error;
      const end = this.#deps.forwarder.storedEnd(error, response);
      const said = "detail" in end ? end.detail : `the request was ${end.kind}`;
      await writer?.finish(said).catch(() => {});
      return end;
    } finally {
      if (writer && !writer.whole) await this.#deps.spools.discard(writer);
    }
  }

  async #begin(note: SpoolNote): Promise<SpoolWriter> {
    const { spools } = this.#deps;
    const limits = { until: Date.now() + silenceMs, signal: spools.stopping };
    let writer: SpoolWriter | undefined;
    await offer(async () => void (writer = await spools.begin(note)), limits);
    return writer as SpoolWriter;
  }

  async #write(
    request: QueuedRequest,
    delivery: Delivery,
    response: UpstreamStream,
    writer: SpoolWriter,
  ): Promise<ForwardResult> {
    const { recorder, replier } = this.#deps;
    const { id, replyTo, deadline } = request;
    const head: QueuedResponse = {
      status: response.status,
      headers: response.headers,
      body: nothing,
      spooled: { spool: writer.id },
    };
    await recorder.head(request, delivery, head);
    if (replyTo !== undefined) {
      await replier.reply({ replyTo, id, ...(deadline === undefined ? {} : { deadline }) }, head);
    }
    let toldAt = Date.now();
    for (let piece; (piece = await response.take(maxPieceBytes));) {
      await writer.write(piece);
      if (Date.now() - toldAt < tellAgainMs) continue;
      toldAt = Date.now();
      await recorder.head(request, delivery, head);
    }
    await writer.finish();
    const spooled = { spool: writer.id, size: writer.size };
    return { kind: "spooled", response: { ...head, spooled } };
  }
}
