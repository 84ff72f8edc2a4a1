/**
 * A second process at a database, for the tests: `process.ts ROLE URL QUEUE`. It writes a line to
 * stdout for each thing that it has done, the first of them `ready`, and ends when its stdin does.
 *
 * - `serve`: replies to every message, with its body, and acknowledges it.
 * - `take`: acknowledges every message, and writes its `correlationId`.
 * - `hold`: writes the `correlationId` of every message, and settles none.
 * - `time`: acknowledges every message, and writes how long after its `sent` header it came, in
 *   milliseconds.
 * - `reply`: declares QUEUE as its reply queue, and reads it.
 * - `hear`: declares a reply queue with the broadcast QUEUE, and writes the `correlationId` of every
 *   message.
 * - `publish`: publishes one message after the other, and writes the `correlationId` of each that
 *   was confirmed.
 */
import { type Broker, type Delivery } from "../../shared/broker/broker.ts";
import { openBroker } from "../../shared/broker/open.ts";

const [role = "", url = "", queue = ""] = Deno.args;
const hearing = `hearing_${Deno.pid}`;
const ended = new AbortController();
const encoder = new TextEncoder();

function say(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}

/** The time on a clock that all processes share, milliseconds. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

const onDelivery: Record<string, (broker: Broker, delivery: Delivery) => void> = {
  serve(broker, delivery) {
    const { replyTo = "", correlationId = "", body } = delivery.message;
    const reply = { body, headers: {}, correlationId };
    void broker.publish({ queue: replyTo }, [reply], { confirm: false });
    void broker.settle([{ kind: "ack", delivery }]);
  },
  take(broker, delivery) {
    void broker.settle([{ kind: "ack", delivery }])
      .then(() => say(delivery.message.correlationId ?? ""));
  },
  reply() {},
  hear(_, delivery) {
    say(delivery.message.correlationId ?? "");
  },
  hold(_, delivery) {
    say(delivery.message.correlationId ?? "");
  },
  time(broker, delivery) {
    const now = clock();
    void broker.settle([{ kind: "ack", delivery }]);
    say(String(now - Number(delivery.message.headers.sent)));
  },
};

async function consume(broker: Broker): Promise<void> {
  const handle = onDelivery[role];
  const name = role === "hear" ? hearing : queue;
  for await (const delivery of broker.consume(name, { prefetch: 64, signal: ended.signal })) {
    handle?.(broker, delivery);
  }
}

async function publish(broker: Broker): Promise<void> {
  for (let n = 0; !ended.signal.aborted; n++) {
    const correlationId = String(n);
    await broker.publish({ queue }, [{ body: new Uint8Array(100), headers: {}, correlationId }]);
    say(correlationId);
  }
}

async function untilStdinEnds(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
  ended.abort();
}

await using broker = await openBroker(url, { name: `test-${role}` });
if (role === "reply") await broker.declare({ kind: "reply", name: queue });
if (role === "hear") {
  await broker.declare({ kind: "reply", name: hearing, broadcasts: [queue] });
}
const work = role === "publish" ? publish(broker) : consume(broker);
say("ready");
await untilStdinEnds();
await work;
