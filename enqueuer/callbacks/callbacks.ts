import type { Broker } from "../../shared/broker/broker.ts";
import { callbackService, deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { type CallbackOf, callbackReader } from "./callback_of.ts";
import type { CallbackSettings } from "./settings.ts";
import type { CallbackEnd } from "./worker.ts";

/** The callbacks of an enqueuer: what its callers may ask for, and the delivery. */
export interface Callbacks {
  readonly callbackOf: CallbackOf;
  /** Declares their queue, waiting for the broker, and starts to deliver. */
  start(signal: AbortSignal): Promise<void>;
  /** Stops, waits for what is under way until the signal aborts, and gives the rest back. */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * Makes the callbacks of an enqueuer.
 * @param settings without them callbacks are off.
 * @param onEnd told how each delivery ended.
 */
export async function openCallbacks(
  settings: CallbackSettings | undefined,
  broker: Broker,
  onEnd: (end: CallbackEnd) => void,
): Promise<Callbacks> {
  const callbackOf = callbackReader(settings?.allow);
  if (!settings) return { callbackOf, start: async () => {}, close: async () => {} };
  // Only they need the HTTP client.
  const [{ Poster }, { CallbackWorker }] = await Promise.all([
    import("./post.ts"),
    import("./worker.ts"),
  ]);
  const queue = requestQueue(callbackService);
  const worker = new CallbackWorker({
    broker,
    queue,
    poster: new Poster(settings),
    keys: settings.keys,
    retry: settings.retry,
    onEnd,
  });
  return {
    callbackOf,
    async start(signal) {
      const deadLetters = deadLetterQueue(callbackService);
      await broker.declare({ kind: "work", name: queue, deadLetterQueue: deadLetters }, { signal });
      worker.start();
    },
    close: (signal) => worker.close(signal),
  };
}
