import { Buffer } from "node:buffer";
import type { QueuedRequest } from "../../shared/message/envelope.ts";
import { bodyFailure, type ForwardResult } from "../forwarder.ts";
import { type ReadSpooled, RequestBody } from "./request_body.ts";

/** The largest body that is made an item of a batch, bytes. */
const mostBytes = 16 * 2 ** 20;

/**
 * A request with its body in it: a microservice that takes batches gets whole items, and no other
 * calls.
 * @returns how the request ends if that cannot be.
 */
export async function collected(
  request: QueuedRequest,
  read: ReadSpooled,
): Promise<QueuedRequest | Extract<ForwardResult, { detail: string }>> {
  const { spooled, ...rest } = request;
  if (!spooled) return request;
  if (spooled.size > mostBytes) {
    const detail =
      `the body has ${spooled.size} bytes, and a microservice that takes batches gets ` +
      `bodies up to ${mostBytes}`;
    return { kind: "invalid-request", detail };
  }
  const body = new RequestBody(read, spooled);
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk);
    return { ...rest, body: Buffer.concat(chunks, spooled.size) };
  } catch (error) {
    return bodyFailure(error);
  }
}
