import type { Message } from "../broker.ts";
import { QueueNotFoundError } from "../errors.ts";
import type { Route } from "./frames.ts";

/** One call of publish: its messages share their route and their fate. */
export class Call {
  /** The message to be written next. */
  next = 0;
  unconfirmed: number;
  refused = 0;
  failed = false;
  tick: number;
  readonly route: Route;
  /** As in the errors: the queue, or the topic. */
  readonly to: string;
  readonly messages: readonly Message[];
  /** What came back, where that is no error. */
  #returned: Set<Message> | undefined;
  readonly #onUnroutable: ((message: Message) => void) | undefined;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;

  constructor(
    route: Route,
    to: string,
    messages: readonly Message[],
    tick: number,
    resolve: () => void,
    reject: (error: Error) => void,
    onUnroutable: ((message: Message) => void) | undefined,
  ) {
    this.route = route;
    this.to = to;
    this.messages = messages;
    this.unconfirmed = messages.length;
    this.tick = tick;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onUnroutable = onUnroutable;
  }

  /** Makes it as new. */
  restart(): void {
    this.next = 0;
    this.refused = 0;
    this.#returned = undefined;
  }

  /**
   * One of its messages came back.
   * @param id the message's, if it has one.
   * @returns whether it is known which.
   */
  takeBack(id: string | undefined): boolean {
    if (!this.#onUnroutable) {
      this.fail(new QueueNotFoundError(this.to));
      return false;
    }
    const message = this.messages.find((one) => idOf(one) === id && !this.#returned?.has(one));
    if (message) (this.#returned ??= new Set()).add(message);
    return message !== undefined;
  }

  succeed(): void {
    this.#returned?.forEach((message) => this.#onUnroutable?.(message));
    this.#resolve();
  }

  fail(error: Error): void {
    this.failed = true;
    this.#reject(error);
  }
}

function idOf({ messageId, correlationId }: Pick<Message, "messageId" | "correlationId">) {
  return messageId ?? correlationId;
}
