/** What a request fails with whose caller has hung up. */
export class CallerGoneError extends Error {
  override name = "CallerGoneError";
}

/**
 * Calls back when a request's caller hangs up, or has by now, until the watch is disposed of.
 * @example `using _ = onHangUp(request, () => cancel());`
 */
export function onHangUp({ signal }: Request, callBack: () => void): Disposable {
  if (signal.aborted) callBack();
  else signal.addEventListener("abort", callBack, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", callBack) };
}
