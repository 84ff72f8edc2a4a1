import { setImmediate } from "node:timers";
import type { Message } from "../../broker/broker.ts";
import { BrokerUnavailableError } from "../../broker/errors.ts";
import { pack, packedBytes, unpack } from "./packed.ts";
import type { LogEntry, ResultLog } from "./result_log.ts";

/** How many packs are under way at once; what comes meanwhile goes together into the next. */
const mostUnderWay = 2;
/** What a pack holds at most, unless it is one message, which may be larger. */
const mostBytes = 64 * 1_024;
const mostMessages = 256;
/** Offsets of the messages of a pack lie within so many of the pack's own. */
const span = 1_024;

interface Waiting {
  readonly message: Message;
  readonly confirm: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A log whose messages are small beside what it costs the broker to take, confirm and deliver one:
 * those that are appended at about the same time go as one. One that comes alone goes alone, at once.
 */
export class PackingLog implements ResultLog {
  readonly #log: ResultLog;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #scheduled = false;

  constructor(log: ResultLog) {
    this.#log = log;
  }

  get attached(): boolean {
    return this.#log.attached;
  }

  append(message: Message, confirm: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, confirm, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  async *tail(
    since: number | "now",
    signal: AbortSignal,
    onAttached?: () => void,
  ): AsyncIterable<LogEntry> {
    for await (const { message, offset } of this.#log.tail(since, signal, onAttached)) {
      for (const [index, part] of unpack(message).entries()) {
        yield { message: part, offset: offset * span + index };
      }
    }
  }

  async read(offset: number, signal: AbortSignal): Promise<Message | undefined> {
    const message = await this.#log.read(Math.floor(offset / span), signal);
    return message && unpack(message)[offset % span];
  }

  #flush(): void {
    this.#scheduled = false;
    while (this.#waiting.length > 0 && this.#underWay < mostUnderWay) {
      const together = this.#waiting.splice(0, this.#fitting());
      const confirm = together.some(({ confirm }) => confirm);
      this.#underWay++;
      this.#log.append(pack(together.map(({ message }) => message)), confirm).then(
        () => together.forEach(({ resolve }) => resolve()),
        (error) => {
          // Who has waited behind it does not wait for a time-out of its own.
          const behind = error instanceof BrokerUnavailableError ? this.#waiting.splice(0) : [];
          for (const { reject } of [...together, ...behind]) reject(error);
        },
      ).finally(() => {
        this.#underWay--;
        this.#flush();
      });
    }
  }

  /** How many of those that wait fit into a pack; one at least. */
  #fitting(): number {
    let bytes = 0;
    const over = this.#waiting.findIndex(({ message }, i) => {
      bytes += packedBytes(message);
      return i >= mostMessages || (i > 0 && bytes > mostBytes);
    });
    return over < 0 ? this.#waiting.length : over;
  }
}
