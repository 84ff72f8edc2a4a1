import type { Broker } from "../../shared/broker/broker.ts";
import { type HeaderTable, requestHeaders } from "../../shared/http/headers.ts";
import { Problem } from "../../shared/http/problem.ts";
import type { QueuedRequest } from "../../shared/message/envelope.ts";
import {
  ownServiceNameForm,
  ownServiceNamePattern,
  requestQueue,
} from "../../shared/service_name.ts";
import { spoolFromBytes } from "../../shared/spool/spool_store.ts";
import { keepRequestBodyMs, type Spools } from "../../shared/spool/spools.ts";
import { readBody } from "./body.ts";
import type { CallbackOf } from "../callbacks/callback_of.ts";
import { isTracked, type Order, type OrderDefaults, orderOf } from "./order.ts";
import { checkHeaderSize } from "./header_size.ts";
import { passedOn } from "./prefer.ts";
import { checkPriority } from "./priority.ts";
import { scheduleOf } from "./schedule.ts";
import { spoolBody } from "./spool_body.ts";
import type { Target } from "./target.ts";
import { traceContext } from "./trace_context.ts";

/** What taking in a request needs. */
export interface IntakeDeps extends OrderDefaults {
  readonly broker: Broker;
  readonly maxBodyBytes: number;
  /** Where bodies are that are too large for a message. */
  readonly spools: Spools;
  /** Whether `Authorization` is for the enqueuer itself, and so is not passed on. */
  readonly ownsAuthorization: boolean;
  /** Reads where a caller wants to be told of the end. */
  readonly callbackOf: CallbackOf;
}

/** A caller's request, read and found good. */
export interface Intake {
  /** Set as soon as the request may be in its queue: then its body is not the enqueuer's any more. */
  mayBeQueued: boolean;
  readonly id: string;
  readonly service: string;
  readonly order: Order;
  /** Milliseconds until it is delivered. */
  readonly delayMs: number;
  readonly request: QueuedRequest;
  /** A digest of the body, where it is not in the request. */
  readonly digest?: Uint8Array;
}

/**
 * Reads a caller's request.
 * @param rawHeaders its headers as they came, name and value in turn, if they are known.
 * @throws {Problem} it is not well-formed, or too large, or asks for what the broker does not have.
 */
export async function takeIn(
  deps: IntakeDeps,
  id: string,
  request: Request,
  { service, path }: Target,
  rawHeaders: readonly string[] = [...request.headers].flat(),
): Promise<Intake> {
  if (!ownServiceNamePattern.test(service)) {
    throw new Problem("bad-request", {
      detail: `${JSON.stringify(service)} is no service name that requests can be sent to; ` +
        `allowed are ${ownServiceNameForm}`,
    });
  }
  const callback = deps.callbackOf(request.headers);
  const order = orderOf(request.headers, deps, callback);
  const { delayMs, priority } = scheduleOf(request.headers, Date.now());
  checkPriority(deps.broker, priority);
  checkDelay(delayMs, order);
  const headers = requestHeaders(rawHeaders);
  if (deps.ownsAuthorization) delete headers["authorization"];
  keepPreferences(headers);
  checkHeaderSize(path, headers);
  const { maxMessageBytes } = deps.broker.capabilities;
  const body = await readBody(request, {
    maxBytes: deps.maxBodyBytes,
    collectBytes: Math.min(spoolFromBytes, maxMessageBytes),
    async spool(before, rest) {
      // Nobody has to send gigabytes to be told that.
      await deps.broker.stats(requestQueue(service));
      const until = Date.now() + delayMs + keepRequestBodyMs;
      const note = { spool: `${id}_request`, body: "request", request: id, until } as const;
      return await spoolBody(deps.spools, note, { before, rest, maxBytes: deps.maxBodyBytes });
    },
  });
  const inMessage = body instanceof Uint8Array;
  return {
    mayBeQueued: false,
    id,
    service,
    order,
    delayMs,
    request: {
      id,
      method: request.method,
      path,
      headers,
      ...inMessage
        ? { body }
        : { body: new Uint8Array(0), spooled: { spool: body.spool, size: body.size } },
      ...(priority === undefined ? {} : { priority }),
      ...(isTracked(order) ? { tracked: true } : {}),
      ...(callback === undefined ? {} : { callback }),
      ...traceContext(request.headers, id),
    },
    ...(inMessage ? {} : { digest: body.digest }),
  };
}

function checkDelay(delayMs: number, { waitMs, later }: Order): void {
  if (delayMs === 0 || delayMs < waitMs || later) return;
  throw new Problem("bad-request", {
    detail: `the request is to be delayed for ${delayMs} ms, and its caller waits for ${waitMs} ` +
      "ms; send Prefer: respond-async and fetch the response later, or wait longer with " +
      "Prefer: wait=N",
  });
}

function keepPreferences(headers: HeaderTable): void {
  const { prefer } = headers;
  if (typeof prefer !== "string") return;
  const kept = passedOn(prefer);
  if (kept === undefined) delete headers["prefer"];
  else headers["prefer"] = kept;
}
