import type { Broker, Message } from "../shared/broker/broker.ts";
import { BrokerUnavailableError } from "../shared/broker/errors.ts";
import { type HeaderTable, requestHeaders, toHeaders } from "../shared/http/headers.ts";
import { Problem } from "../shared/http/problem.ts";
import { logger } from "../shared/log.ts";
import { encodeCancel } from "../shared/message/cancel.ts";
import {
  decodeResponse,
  encodeRequest,
  EnvelopeError,
  type QueuedResponse,
} from "../shared/message/envelope.ts";
import { newRequestId } from "../shared/message/request_id.ts";
import {
  cancelBroadcast,
  ownServiceNameForm,
  ownServiceNamePattern,
  requestQueue,
} from "../shared/service_name.ts";
import { readBody } from "./body.ts";
import { waitMs } from "./deadline.ts";
import type { CallbackOf } from "./callbacks/callback_of.ts";
import { CallerGoneError, type HangUps } from "./hang_ups.ts";
import type { EnqueuerMetrics } from "./metrics.ts";
import { toProblem } from "./problems.ts";
import type { ReplyInbox } from "./reply_inbox.ts";
import { scheduleOf } from "./schedule.ts";
import type { Target } from "./target.ts";
import { traceContext } from "./trace_context.ts";

const log = logger("proxy");

/** What the way of a request through the enqueuer needs. */
export interface ProxyDeps {
  readonly broker: Broker;
  readonly inbox: ReplyInbox;
  readonly hangUps: HangUps;
  readonly metrics: EnqueuerMetrics;
  /** How long a caller waits who does not say, milliseconds. */
  readonly replyTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** Whether `Authorization` is for the enqueuer itself, and so is not passed on. */
  readonly ownsAuthorization: boolean;
  /** Reads where a caller wants to be told of the end. */
  readonly callbackOf: CallbackOf;
}

/** The most that path and headers may take together, bytes: with room to spare, one AMQP frame. */
export const maxHeaderBytes = 60_000;

/**
 * Makes the way of a request: into the service's queue, and back with the microservice's
 * response, or with a problem document. Never rejects.
 */
export function createProxy(deps: ProxyDeps): (request: Request, to: Target) => Promise<Response> {
  return async (request, to) => {
    const start = performance.now();
    const id = newRequestId();
    let response: Response;
    let known = true;
    try {
      response = toResponse(await roundTrip(deps, id, request, to));
    } catch (error) {
      // Nobody gets it.
      if (error instanceof CallerGoneError) return new Response(null, { status: 499 });
      const problem = toProblem(error, id);
      known = problem.type !== "service-not-found" && problem.type !== "bad-request";
      response = problem.toResponse();
    }
    const seconds = (performance.now() - start) / 1000;
    deps.metrics.answered(known ? to.service : undefined, request.method, response.status, seconds);
    return response;
  };
}

async function roundTrip(
  deps: ProxyDeps,
  id: string,
  request: Request,
  { service, path }: Target,
): Promise<QueuedResponse> {
  const { broker, inbox, hangUps, replyTimeoutMs, maxBodyBytes, ownsAuthorization } = deps;
  if (!ownServiceNamePattern.test(service)) {
    throw new Problem("bad-request", {
      detail: `${JSON.stringify(service)} is no service name that requests can be sent to; ` +
        `allowed are ${ownServiceNameForm}`,
    });
  }
  const wait = waitMs(request.headers, replyTimeoutMs);
  const { delayMs, priority } = scheduleOf(request.headers, Date.now());
  if (delayMs > 0 && delayMs >= wait) {
    throw new Problem("bad-request", {
      detail:
        `the request is to be delayed for ${delayMs} ms, and its caller waits for ${wait} ms; ` +
        "wait longer with Prefer: wait=N, or use POST /send",
    });
  }
  const callback = deps.callbackOf(request.headers);
  const headers = requestHeaders(request.headers);
  if (ownsAuthorization) delete headers["authorization"];
  checkSize(path, headers);
  const body = await readBody(request, Math.min(maxBodyBytes, broker.capabilities.maxMessageBytes));
  if (!inbox.declared) {
    throw new BrokerUnavailableError(
      `the reply queue is not declared yet: ${broker.status.detail}`,
    );
  }
  const now = Date.now();
  const deadline = now + wait;
  const message = encodeRequest({
    id,
    method: request.method,
    path,
    headers,
    body,
    deadline,
    replyTo: inbox.queue,
    ...(priority === undefined ? {} : { priority }),
    ...(callback === undefined ? {} : { callback }),
    ...traceContext(request.headers, id),
  }, now);
  const reply = inbox.expect(id, deadline);
  // Not awaited: the reply may overtake the confirmation, and the deadline bounds both.
  const published = broker.publish({ queue: requestQueue(service) }, [message], { delayMs });
  published.catch((error) => inbox.fail(id, error));
  const watch = hangUps.watch(request, () => {
    if (!inbox.fail(id, new CallerGoneError())) return;
    void published.then(
      () => {
        // Whoever is to be called back wants the response without a connection.
        if (callback === undefined) return cancel(deps, service, id, deadline);
        deps.metrics.disconnected(service);
      },
      () => deps.metrics.disconnected(undefined),
    );
  });
  let answer: Message | undefined;
  try {
    answer = await reply;
  } finally {
    watch.stop();
  }
  if (answer === undefined) {
    throw new Problem("timeout", { detail: `no response came within ${wait} ms` });
  }
  return decodeResponse(answer);
}

/** Tells the service's dequeuers that nobody waits for a request any more. Never rejects. */
async function cancel(
  { broker, metrics }: ProxyDeps,
  service: string,
  id: string,
  deadline: number,
): Promise<void> {
  metrics.disconnected(service);
  const message = encodeCancel({ id, reason: "disconnect", deadline });
  const to = { broadcast: cancelBroadcast(service) };
  await broker.publish(to, [message], { confirm: false }).catch((error) => {
    log.debug("request {requestId} could not be cancelled: {error}", { requestId: id, error });
  });
}

function checkSize(path: string, headers: HeaderTable): void {
  let size = path.length;
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0) + 6;
  if (size > maxHeaderBytes) {
    throw new Problem("bad-request", {
      detail: `path and headers take about ${size} bytes; allowed are ${maxHeaderBytes} together`,
    });
  }
}

const nullBodyStatus: ReadonlySet<number> = new Set([204, 205, 304]);

/** @throws {EnvelopeError} the response holds a header that HTTP does not allow. */
function toResponse({ status, headers, body }: QueuedResponse): Response {
  const hasBody = body.byteLength > 0 && !nullBodyStatus.has(status);
  try {
    return new Response(hasBody ? body as Uint8Array<ArrayBuffer> : null, {
      status,
      headers: toHeaders(headers),
    });
  } catch (error) {
    throw new EnvelopeError(error instanceof Error ? error.message : String(error));
  }
}
