import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { Message } from "../broker.ts";
import { MemoryQueue, type Subscriber } from "./queue.ts";
import type { Entry } from "./ready_list.ts";

function message(id: string, rest: Partial<Message> = {}): Message {
  return { body: new Uint8Array(), headers: {}, messageId: id, ...rest };
}

class Reader implements Subscriber {
  readonly taken: Entry[] = [];
  room = Infinity;

  get hasRoom(): boolean {
    return this.taken.length < this.room;
  }

  get ids(): (string | undefined)[] {
    return this.taken.map(({ message }) => message.messageId);
  }

  take(entry: Entry): void {
    this.taken.push(entry);
  }
}

function setUp() {
  const expired: Message[] = [];
  const spec = { kind: "work", name: "q", deadLetterQueue: "d" } as const;
  return { expired, queue: new MemoryQueue(spec, (message) => expired.push(message)) };
}

function withFakeTime(test: (clock: ReturnType<typeof FakeTimers.install>) => void): () => void {
  return () => {
    const clock = FakeTimers.install();
    try {
      test(clock);
    } finally {
      clock.uninstall();
    }
  };
}

Deno.test("MemoryQueue hands out in turns, to those who have room", () => {
  const { queue } = setUp();
  const [one, two] = [new Reader(), new Reader()];
  two.room = 1;
  queue.subscribe(one);
  queue.subscribe(two);
  for (const id of ["a", "b", "c", "d"]) queue.add(message(id), 0);
  assert.deepEqual(one.ids, ["a", "c", "d"]);
  assert.deepEqual(two.ids, ["b"]);
  assert.deepEqual(queue.counts, { ready: 0, delayed: 0, inFlight: 4, consumers: 2 });
});

Deno.test(
  "MemoryQueue hands out a delayed message when its time has come",
  withFakeTime((clock) => {
    const { queue } = setUp();
    const reader = new Reader();
    queue.subscribe(reader);
    queue.add(message("long"), 60_000);
    queue.add(message("short"), 1_000);
    assert.equal(queue.counts.delayed, 2);
    clock.tick(999);
    assert.deepEqual(reader.ids, []);
    clock.tick(1);
    assert.deepEqual(reader.ids, ["short"]);
    clock.tick(59_000);
    assert.deepEqual(reader.ids, ["short", "long"]);
    assert.equal(queue.counts.delayed, 0);
  }),
);

Deno.test(
  "MemoryQueue gives up a message that expires while it is ready",
  withFakeTime((clock) => {
    const { queue, expired } = setUp();
    queue.add(message("a", { expiration: 100 }), 0);
    queue.add(message("b", { expiration: 100 }), 50);
    clock.tick(99);
    assert.deepEqual(expired, []);
    clock.tick(1);
    assert.deepEqual(expired.map(({ messageId }) => messageId), ["a"]);
    clock.tick(50);
    assert.deepEqual(expired.map(({ messageId }) => messageId), ["a", "b"]);
    assert.equal(queue.counts.ready, 0);
  }),
);

Deno.test(
  "MemoryQueue does not let a message expire in a subscriber's hands, but when it comes back",
  withFakeTime((clock) => {
    const { queue, expired } = setUp();
    const reader = new Reader();
    queue.subscribe(reader);
    queue.add(message("a", { expiration: 100 }), 0);
    clock.tick(1_000);
    assert.deepEqual(expired, []);
    const [entry] = reader.taken;
    assert.ok(entry);
    queue.giveBack(entry);
    assert.equal(expired.length, 1);
    assert.deepEqual(queue.counts, { ready: 0, delayed: 0, inFlight: 0, consumers: 1 });
  }),
);

Deno.test(
  "MemoryQueue leaves no timer when it is closed",
  withFakeTime((clock) => {
    const { queue } = setUp();
    queue.add(message("a", { expiration: 100 }), 0);
    queue.add(message("b"), 100);
    queue.close();
    assert.equal(clock.countTimers(), 0);
  }),
);
