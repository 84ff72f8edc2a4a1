import type { Message } from "../broker.ts";
import type { Route } from "./frames.ts";

/** A message that was written without asking for a confirm. */
export interface Written {
  readonly route: Route;
  readonly message: Message;
  readonly onUnroutable: (message: Message) => void;
  /** How often it was written. */
  readonly times: number;
}

/** So much is kept of a generation, messages and bytes of their bodies. */
export const mostMessages = 10_000;
export const mostBytes = 16 * 2 ** 20;

/**
 * What was written last, by its id: the generation that grows, and the one before it, which is
 * forgotten when the next one begins. That is when the server is known to have read it, or when
 * there is too much of it.
 */
export class RecentMessages {
  #recent = new Map<string, Written>();
  #older = new Map<string, Written>();
  #bytes = 0;

  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  add(id: string, written: Written): void {
    this.#bytes += written.message.body.length;
    this.#recent.set(id, written);
    if (this.#recent.size >= mostMessages || this.#bytes >= mostBytes) this.turn();
  }

  /** Takes out a message. */
  take(id: string): Written | undefined {
    const written = this.#recent.get(id) ?? this.#older.get(id);
    this.#recent.delete(id);
    this.#older.delete(id);
    return written;
  }

  /** Takes out everything, in the order in which it was written. */
  takeAll(): Written[] {
    const all = [...this.#older.values(), ...this.#recent.values()];
    this.clear();
    return all;
  }

  /** Begins a new generation. */
  turn(): void {
    this.#older = this.#recent;
    this.#recent = new Map();
    this.#bytes = 0;
  }

  clear(): void {
    this.turn();
    this.turn();
  }
}
