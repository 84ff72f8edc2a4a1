/**
 * Calls by a queue and waits for the replies, so many at a time, for some milliseconds, by ProxyMQ's
 * driver. Prints what it saw as JSON.
 *
 *     deno run -A caller.ts BROKER_URL QUEUE AT_A_TIME MS SETTING_AS_JSON
 *
 * @module
 */
import type { Broker } from "../../../shared/broker/broker.ts";
import { openBroker } from "../../../shared/broker/open.ts";
import { seen } from "../compare/load.ts";
import type { Setting } from "./setting.ts";

/** Calls through one handle of the broker. */
class Caller {
  readonly #broker: Broker;
  readonly #queue: string;
  readonly #setting: Setting;
  readonly #replyTo = `reply_${crypto.randomUUID()}`;
  readonly #waiting = new Map<string, () => void>();
  #id = 0;

  constructor(broker: Broker, queue: string, setting: Setting) {
    this.#broker = broker;
    this.#queue = queue;
    this.#setting = setting;
  }

  async start(): Promise<void> {
    await this.#broker.declare({ kind: "reply", name: this.#replyTo });
    this.#read();
  }

  async call(body: Uint8Array): Promise<void> {
    const correlationId = String(this.#id++);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(correlationId, resolve);
    const message = { body, headers: {}, correlationId, replyTo: this.#replyTo };
    const { confirmRequests: confirm } = this.#setting;
    await Promise.all([
      this.#broker.publish({ queue: this.#queue }, [message], { confirm }),
      promise,
    ]);
  }

  async #read(): Promise<void> {
    const { signal } = new AbortController();
    for await (
      const { message } of this.#broker.consume(this.#replyTo, { prefetch: 1_000, signal })
    ) {
      const { correlationId = "" } = message;
      this.#waiting.get(correlationId)?.();
      this.#waiting.delete(correlationId);
    }
  }
}

if (import.meta.main) {
  const [url = "", queue = "", atATime, ms, json = ""] = Deno.args;
  const setting: Setting = JSON.parse(json);
  const body = new Uint8Array(setting.bytes).fill(97);
  const callers = await Promise.all(Array.from({ length: setting.pairs }, async () => {
    const broker = await openBroker(url, { name: "proxymq-bench" });
    const caller = new Caller(broker, queue, setting);
    await caller.start();
    return caller;
  }));
  const times: number[] = [];
  const start = performance.now();
  await Promise.all(Array.from({ length: Number(atATime) }, async (_, i) => {
    const caller = callers[i % callers.length];
    while (performance.now() - start < Number(ms)) {
      const sent = performance.now();
      await caller?.call(body);
      times.push(performance.now() - sent);
    }
  }));
  console.log(JSON.stringify(seen(times, performance.now() - start)));
  Deno.exit(0);
}
