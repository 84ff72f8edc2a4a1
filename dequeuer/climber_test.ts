import assert from "node:assert/strict";
import { type CallSample, Climber } from "./climber.ts";

/** A microservice by how long a call takes, milliseconds. */
type Service = (items: number, calls: number) => number;

/** Numbers from 0 up to 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/**
 * Feeds a climber with a simulated microservice that always has enough to do, for a simulated
 * time, each call up to 10% off.
 * @returns the values that it had, by the milliseconds they were held.
 */
class Simulation {
  now = 0;
  readonly climber: Climber;
  readonly #random = seeded(7);
  readonly #vary: "items" | "calls";
  readonly #other: number;

  /** @param other the limit that stands still. */
  constructor(vary: "items" | "calls", { start = 4, other = 1 } = {}) {
    this.#vary = vary;
    this.#other = other;
    this.climber = new Climber({ start, calls: () => this.#calls });
  }

  get #calls(): number {
    return this.#vary === "calls" ? this.climber.value : this.#other;
  }

  /** @returns the part of the time that each value was held. */
  run(service: Service, ms: number, sample: Partial<CallSample> = {}): Map<number, number> {
    const held = new Map<number, number>();
    const end = this.now + ms;
    let ends: { at: number; start: number; items: number }[] = [];
    while (this.now < end) {
      const items = this.#vary === "items" ? this.climber.value : this.#other;
      while (ends.length < this.#calls) {
        const took = service(items, this.#calls) * (0.95 + this.#random() / 10);
        ends.push({ at: this.now + took, start: this.now, items });
      }
      ends = ends.toSorted((a, b) => a.at - b.at);
      const [done, ...others] = ends;
      if (!done) break;
      ends = others;
      held.set(this.climber.value, (held.get(this.climber.value) ?? 0) + (done.at - this.now) / ms);
      this.now = done.at;
      this.climber.observe({
        start: done.start,
        end: done.at,
        items: done.items,
        bound: true,
        failed: false,
        ...sample,
      });
    }
    return held;
  }
}

/** The part of the time in which the value was one of these. */
const part = (held: Map<number, number>, ...values: number[]) =>
  values.reduce((sum, value) => sum + (held.get(value) ?? 0), 0);

/** A call takes 20 ms for as many items, one call at a time. */
const steps = (itemsACall: number): Service => (items, calls) =>
  20 * Math.ceil(items / itemsACall) * calls;
/** So many calls at once take 50 ms each, more of them wait. */
const workers = (count: number): Service => (_items, calls) => 50 * Math.max(1, calls / count);
/** A fixed cost, and one for each item. */
const linear = (fixed: number, each: number): Service => (items) => fixed + each * items;

Deno.test("a batch size where a call has room for 64: found in seconds, and kept", () => {
  const simulation = new Simulation("items", { start: 8 });
  simulation.run(steps(64), 3_000);
  const held = simulation.run(steps(64), 30_000);
  assert.ok(part(held, 64) > 0.8, JSON.stringify([...held]));
});

Deno.test("concurrency of a microservice with 12 workers: found, and kept", () => {
  const simulation = new Simulation("calls");
  simulation.run(workers(12), 10_000);
  const held = simulation.run(workers(12), 60_000);
  assert.ok(part(held, 12) > 0.75, JSON.stringify([...held]));
});

Deno.test("concurrency of one that does a call at a time: one", () => {
  const simulation = new Simulation("calls");
  simulation.run(steps(64), 3_000);
  assert.ok(part(simulation.run(steps(64), 30_000), 1) > 0.8);
});

Deno.test("each item costs: large enough that the fixed cost is small", () => {
  const simulation = new Simulation("items");
  const service = linear(5, 0.2);
  simulation.run(service, 5_000);
  const held = simulation.run(service, 30_000);
  const rate = [...held].reduce((sum, [n, part]) => sum + part * n / service(n, 1), 0);
  assert.ok(rate > 0.7 / 0.2, `${rate} items/ms of at most 5`);
  assert.equal(part(held, 256, 384, 512), 0, "and not for ever larger");
});

Deno.test("it follows when the microservice changes, up and down", () => {
  const simulation = new Simulation("items");
  simulation.run(steps(64), 30_000);
  simulation.run(steps(16), 5_000);
  assert.ok(part(simulation.run(steps(16), 20_000), 16) > 0.7);
  simulation.run(steps(128), 15_000);
  assert.ok(part(simulation.run(steps(128), 30_000), 128) > 0.7);
});

Deno.test("concurrency follows too", () => {
  const simulation = new Simulation("calls");
  simulation.run(workers(32), 60_000);
  simulation.run(workers(4), 20_000);
  assert.ok(part(simulation.run(workers(4), 30_000), 4) > 0.7);
  simulation.run(workers(24), 40_000);
  assert.ok(part(simulation.run(workers(24), 60_000), 24) > 0.6);
});

Deno.test("a failure halves it at once", () => {
  const simulation = new Simulation("items");
  simulation.run(steps(64), 20_000);
  const { climber, now } = simulation;
  climber.observe({ start: now, end: now + 20, items: 64, bound: true, failed: true });
  assert.ok(climber.value <= 32, `${climber.value}`);
  climber.observe({ start: now + 1, end: now + 21, items: 64, bound: true, failed: true });
  assert.equal(climber.value, 32, "but not again for what was made before");
});

Deno.test("what does not feel the limit changes nothing", () => {
  const simulation = new Simulation("items", { start: 8 });
  simulation.run(steps(64), 10_000, { bound: false });
  assert.equal(simulation.climber.value, 8);
});
