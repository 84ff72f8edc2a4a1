import {
  finalStates,
  type RequestRecord,
  type ResultStore,
} from "../../shared/results/result_store.ts";
import { asOf, expiryOf, toRequestDocument } from "./request_document.ts";

/** How often a comment keeps a quiet connection open, milliseconds: below the usual 30 s of proxies. */
const keepAliveMs = 15_000;
/** The longest that a timer takes, milliseconds. */
const longestMs = 2 ** 31 - 1;

/** How the events of a request are sent. */
export interface EventsOptions {
  /** The last event that the client has. */
  readonly lastEventId: string | undefined;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/**
 * The changes of a request's state as Server-Sent Events (WHATWG HTML section 9.2), to its end. A
 * client that has the end gets 204, by which it stops to connect again.
 */
export async function requestEvents(
  results: ResultStore,
  id: string,
  { lastEventId, signal }: EventsOptions,
): Promise<Response> {
  const stop = new AbortController();
  const changes = changesOf(results, id, AbortSignal.any([signal, stop.signal]));
  const first = await changes.next();
  if (first.done) return new Response(null, { status: 204 });
  const seen = eventId(first.value) === lastEventId;
  if (seen && finalStates.has(first.value.state)) {
    stop.abort();
    return new Response(null, { status: 204 });
  }
  let keepAlive: ReturnType<typeof setInterval> | undefined;
  const end = () => {
    clearInterval(keepAlive);
    stop.abort();
  };
  const text = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(text.encode(seen ? ": nothing is new\n\n" : eventOf(first.value)));
      keepAlive = setInterval(
        () => controller.enqueue(text.encode(": still here\n\n")),
        keepAliveMs,
      );
    },
    async pull(controller) {
      try {
        const next = await changes.next();
        if (!next.done) return controller.enqueue(text.encode(eventOf(next.value)));
        end();
        controller.close();
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    cancel: end,
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

/** A request's record, each time it has changed; that it has expired in its queue is a change too. */
async function* changesOf(
  results: ResultStore,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<RequestRecord, undefined> {
  let last = await results.get(id);
  if (!last) return;
  const expired = new AbortController();
  const expiresAt = expiryOf(last);
  const timer = expiresAt === undefined
    ? undefined
    : setTimeout(() => expired.abort(), Math.min(Math.max(0, expiresAt - Date.now()), longestMs));
  try {
    for await (const record of results.watch(id, AbortSignal.any([signal, expired.signal]))) {
      last = record;
      const now = asOf(record, Date.now());
      yield now;
      if (finalStates.has(now.state)) return;
    }
    if (expired.signal.aborted && !signal.aborted) yield asOf(last, Date.now());
  } finally {
    clearTimeout(timer);
  }
}

/** The same for a change on whichever instance it is asked for. */
function eventId({ run, attempt, state, updatedAt }: RequestRecord): string {
  return `${updatedAt}-${run}-${attempt}-${state}`;
}

function eventOf(record: RequestRecord): string {
  const data = JSON.stringify(toRequestDocument(record));
  return `id: ${eventId(record)}\nevent: status\ndata: ${data}\n\n`;
}
