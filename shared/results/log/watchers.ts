/** Those who want to be told of a request, by its id. */
export class Watchers {
  readonly #byId = new Map<string, Set<() => void>>();

  /** Calls back at each change from now on, until it is disposed of. */
  add(id: string, onChange: () => void): Disposable {
    const watching = this.#byId.get(id) ?? new Set();
    watching.add(onChange);
    this.#byId.set(id, watching);
    return {
      [Symbol.dispose]: () => {
        watching.delete(onChange);
        if (watching.size === 0 && this.#byId.get(id) === watching) this.#byId.delete(id);
      },
    };
  }

  tell(id: string): void {
    for (const onChange of [...this.#byId.get(id) ?? []]) onChange();
  }

  /** Resolves at the next change, or when the signal aborts. */
  async next(id: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    using _watching = this.add(id, resolve);
    const onAbort = () => resolve();
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) resolve();
    await promise;
    signal.removeEventListener("abort", onAbort);
  }
}
