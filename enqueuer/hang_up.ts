import { isIncoming } from "../shared/http/server/incoming.ts";

/** What a request fails with whose caller has hung up. */
export class CallerGoneError extends Error {
  override name = "CallerGoneError";
}

/**
 * Calls back when a request's caller hangs up, or has by now, until the watch is disposed of.
 * @example `using _ = onHangUp(request, () => cancel());`
 */
export function onHangUp(request: Request, callBack: () => void): Disposable {
  if (isIncoming(request)) return request.onHangUp(callBack);
  const { signal } = request;
  if (signal.aborted) callBack();
  else signal.addEventListener("abort", callBack, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", callBack) };
}
