import { BrokerError } from "../broker/errors.ts";
import type { Piece, SpoolState, SpoolStore } from "./spool_store.ts";

/** The spools of a broker that has none. */
export class NoSpools implements SpoolStore {
  readonly #system: string;

  /** @param system the broker's name. */
  constructor(system: string) {
    this.#system = system;
  }

  create(): Promise<void> {
    return this.#refuse();
  }

  append(): Promise<void> {
    return this.#refuse();
  }

  // deno-lint-ignore require-yield
  async *read(): AsyncGenerator<Piece> {
    await this.#refuse();
  }

  look(): Promise<SpoolState | undefined> {
    return this.#refuse();
  }

  delete(): Promise<void> {
    return this.#refuse();
  }

  #refuse<T>(): Promise<T> {
    return Promise.reject(new BrokerError(`${this.#system} has no spools for large bodies`));
  }
}
