import { setImmediate } from "node:timers";
import type { Argument, Reply } from "./client.ts";
import { listOf } from "./client.ts";
import type { Script, Sender } from "./script.ts";

/** Bytes from which on what was gathered goes at once: a server stands still while it is at it. */
const enough = 1024 * 1024;
/** So many calls may be under way before what comes waits for one of them. */
const most = 2;

interface Job {
  readonly onSent: (() => void) | undefined;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

/** What goes before something else. */
type Ahead = Pick<Gathering, "waits">;

/**
 * Calls one script for all that comes at about the same time: what a turn of the event loop brings
 * together, and what comes while two calls are under way. A lone one goes at once. The script takes the arguments of all
 * of them after each other, and answers with a list, an item for each.
 *
 * @example
 * ```ts
 * const gathering = new Gathering(script, connection);
 * await Promise.all([gathering.add(["a"]), gathering.add(["b"])]); // one call, with "a" and "b"
 * ```
 */
export class Gathering {
  readonly #script: Script;
  readonly #sender: Sender;
  readonly #before: Ahead | undefined;
  readonly #followers: (() => void)[] = [];
  #args: Argument[] = [];
  #jobs: Job[] = [];
  #bytes = 0;
  #underWay = 0;
  #scheduled = false;
  /** Whether what is to go before is still to be sent. */
  #behind = false;
  /** Whether what was last sent had no company. */
  #alone = true;
  #answer = Promise.withResolvers<void>();

  /** @param before what is added there before is sent before what is added here. */
  constructor(script: Script, sender: Sender, before?: Ahead) {
    this.#script = script;
    this.#sender = sender;
    this.#before = before;
  }

  /**
   * @param bytes about how large it is.
   * @param onSent called when it is sent: what is sent then comes after it.
   */
  add(
    args: readonly Argument[],
    { bytes = 0, onSent }: { bytes?: number; onSent?: () => void } = {},
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      for (const arg of args) this.#args.push(arg);
      this.#jobs.push({ onSent, resolve, reject });
      this.#bytes += bytes;
      if (this.#bytes >= enough) this.#send();
      else this.#schedule();
    });
  }

  /** Whether something waits to be sent; then it calls back once it is. */
  waits(onSent: () => void): boolean {
    if (this.#jobs.length === 0) return false;
    this.#followers.push(onSent);
    return true;
  }

  /** Resolves when all is answered. */
  async flush(): Promise<void> {
    while (this.#jobs.length > 0 || this.#underWay > 0) await this.#answer.promise;
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= most || this.#jobs.length === 0) return;
    this.#scheduled = true;
    const send = () => {
      this.#scheduled = false;
      this.#send();
    };
    if (this.#alone && this.#underWay === 0) queueMicrotask(send);
    else setImmediate(send);
  }

  #waitsBehind(): boolean {
    if (this.#behind) return true;
    this.#behind = this.#before?.waits(() => {
      this.#behind = false;
      this.#send();
    }) ?? false;
    return this.#behind;
  }

  #send(): void {
    if (this.#jobs.length === 0 || this.#waitsBehind()) return;
    const [args, jobs] = [this.#args, this.#jobs];
    this.#args = [];
    this.#jobs = [];
    this.#bytes = 0;
    this.#underWay++;
    this.#alone = jobs.length === 1;
    const answered = () => {
      this.#underWay--;
      this.#schedule();
      this.#answer.resolve();
      this.#answer = Promise.withResolvers();
    };
    const reply = this.#script.run(this.#sender, args);
    for (const { onSent } of jobs) onSent?.();
    for (const follow of this.#followers.splice(0)) follow();
    reply.then((reply) => {
      answered();
      const replies = listOf(reply);
      for (const [at, job] of jobs.entries()) job.resolve(replies[at] ?? null);
    }, (error) => {
      answered();
      for (const job of jobs) job.reject(error);
    });
  }
}
