/**
 * Sets the process's wall clock ahead, until it is disposed of. It goes on from there, as after a
 * correction; timers do not notice.
 * @example `using _ = clockAhead(60_000);`
 */
export function clockAhead(milliseconds: number): Disposable {
  const now = Date.now;
  Date.now = () => now() + milliseconds;
  return {
    [Symbol.dispose]() {
      Date.now = now;
    },
  };
}
