/** Lets those who want the same thing have it one after the other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does something when all that was asked for before, under the same name, is over. */
  take<T>(name: string, action: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const turn = before ? before.then(action, action) : action();
    this.#last.set(name, turn);
    const over = () => {
      if (this.#last.get(name) === turn) this.#last.delete(name);
    };
    turn.then(over, over);
    return turn;
  }
}
