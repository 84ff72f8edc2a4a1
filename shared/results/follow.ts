import type { WakeUp } from "../wake_up.ts";
import { type CancelledRequest, finalStates, type RequestRecord } from "./result_store.ts";

type Awaitable<T> = T | Promise<T>;

/**
 * {@link ResultStore.watch} for a store that wakes its watchers: the record that is read, again
 * whenever it is another one after a wake-up, to its final state.
 *
 * @param signals end it as soon as one of them aborts.
 * @throws what `read` does.
 */
export async function* follow(
  read: () => Awaitable<RequestRecord | undefined>,
  wakeUp: WakeUp,
  signals: readonly AbortSignal[],
): AsyncGenerator<RequestRecord, void, undefined> {
  let told = "";
  while (!aborted(signals)) {
    const record = await read();
    if (!record || aborted(signals)) return;
    const telling = JSON.stringify({ ...record, confirmed: true });
    if (telling === told) {
      await wakeUp.next(signals);
      continue;
    }
    told = telling;
    yield record;
    if (finalStates.has(record.state)) return;
  }
}

/**
 * {@link ResultStore.cancelled} for a store that wakes its listeners.
 *
 * @param readNew what was cancelled since it was last called.
 * @param signals end it as soon as one of them aborts.
 */
export async function* followCancelled(
  readNew: () => Awaitable<readonly CancelledRequest[]>,
  wakeUp: WakeUp,
  signals: readonly AbortSignal[],
): AsyncGenerator<readonly CancelledRequest[], void, undefined> {
  for (let first = true; !aborted(signals); first = false) {
    const requests = await readNew();
    if (aborted(signals)) return;
    if (first || requests.length > 0) yield requests;
    await wakeUp.next(signals);
  }
}

function aborted(signals: readonly AbortSignal[]): boolean {
  return signals.some((signal) => signal.aborted);
}
