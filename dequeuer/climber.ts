/** A call to the microservice that has ended, as a {@link Climber} learns from it. */
export interface CallSample {
  /** When it was made and when it ended, on the clock of `performance.now()`. */
  readonly start: number;
  readonly end: number;
  /** How many requests it was for. */
  readonly items: number;
  /** Whether the value held something back: only then the sample says anything of it. */
  readonly bound: boolean;
  /** Whether the microservice could not do it, or not in time. */
  readonly failed: boolean;
}

/** The values that are tried: each up to half as large again as the one before. */
const steps: readonly number[] = [
  1,
  2,
  3,
  4,
  6,
  8,
  12,
  16,
  24,
  32,
  48,
  64,
  96,
  128,
  192,
  256,
  384,
  512,
];

/** What doubling the time of a call has to bring: a fifth more throughput (2 ** (1 / 4) = 1.19). */
const throughputWeight = 4;
/** How much better a value has to be, as a logarithm, to be more than noise. */
const margin = 0.1;
/** How much the time of a call at the same value has to change to be another microservice. */
const shift = Math.log(1.3);
/** An epoch has at least so many calls, and lasts at least so long, milliseconds. */
const epochCalls = 6;
const epochMs = 100;
/** Without the value being felt for so many calls, nothing is to be learnt. */
const unboundCalls = 20;
/** The most epochs between two looks at other values. */
const mostPatience = 16;

/** What an epoch at one value has shown. */
interface Score {
  readonly power: number;
  readonly logMs: number;
}

/**
 * Finds the value of a limit (calls at once, requests in a batch) at which a microservice works
 * best, and follows it: hill climbing by the latency that the limit causes. In epochs it compares
 * the value that it holds with a neighbour, moves there if that is better, and looks in the other
 * direction otherwise; the longer nothing changes the more seldom it looks. A failure halves the
 * value.
 *
 * Better is what has the higher power, throughput to the fourth over latency: L. Kleinrock, "Power
 * and deterministic rules of thumb for probabilistic problems in computer communications" (ICC
 * 1979), in the general form of it that says how much latency a gain in throughput may cost. A
 * microservice that is full only answers later, so that its power falls. The cut after a failure is
 * that of AIMD (Chiu and Jain, "Analysis of the increase and decrease algorithms", 1989), the
 * probing with ever longer pauses that of .NET's thread pool (Hellerstein et al., "Optimizing
 * concurrency levels in the .NET ThreadPool", 2008).
 *
 * @example
 * ```ts
 * const climber = new Climber({ start: 4, calls: () => concurrency });
 * climber.observe({ start, end, items: 1, bound: true, failed: false });
 * slots.limit = climber.value;
 * ```
 */
export class Climber {
  readonly #top: number;
  readonly #calls: () => number;
  #held: number;
  #at: number;
  #direction: 1 | -1 = 1;
  /** Two steps at a time until the first that leads nowhere. */
  #stride = 2;
  #rejected = 0;
  #patience = 0;
  #score: Score | undefined;
  #from: number | undefined;
  #samples: CallSample[] = [];
  #unbound = 0;

  /**
   * @param options `start` is where it starts, and `calls` how many calls are under way at once,
   * each of which an epoch has to see.
   */
  constructor(options: { start: number; max?: number; calls: () => number }) {
    const { start, max = Infinity, calls } = options;
    this.#top = steps.findLastIndex((step) => step <= max);
    this.#held = this.#at = Math.min(this.#top, stepOf(start));
    this.#calls = calls;
  }

  /** The value that counts now. */
  get value(): number {
    return steps[this.#at] ?? 1;
  }

  /** Whether another value than the one that it holds is being tried. */
  get probing(): boolean {
    return this.#at !== this.#held;
  }

  /** Learns from a call. */
  observe(sample: CallSample): void {
    // What was made before the last change says nothing of what came of it.
    if (this.#from !== undefined && sample.start < this.#from) return;
    if (sample.failed) return this.#cut(sample.end);
    if (!sample.bound) {
      if (++this.#unbound >= unboundCalls) this.#giveUp(sample.end);
      return;
    }
    this.#unbound = 0;
    this.#samples.push(sample);
    const first = this.#samples[0] ?? sample;
    const calls = this.#calls();
    if (this.#samples.length < Math.max(epochCalls, calls)) return;
    if (sample.end - first.start < epochMs) return;
    this.#decide(score(this.#samples, calls), sample.end);
  }

  #decide(now: Score, at: number): void {
    if (!this.probing) {
      if (this.#score && Math.abs(now.logMs - this.#score.logMs) > shift) this.#startOver();
      this.#score = now;
      if (this.#patience-- > 0) return this.#goTo(this.#held, at);
      return this.#probe(at);
    }
    if (this.#score && now.power > this.#score.power + margin) {
      this.#held = this.#at;
      this.#score = now;
      this.#rejected = 0;
      return this.#probe(at);
    }
    this.#reject(at);
  }

  #probe(at: number): void {
    const next = this.#held + this.#direction * this.#stride;
    const within = Math.max(0, Math.min(this.#top, next));
    if (within === this.#held) return this.#reject(at);
    this.#goTo(within, at);
  }

  #reject(at: number): void {
    this.#stride = 1;
    this.#direction = this.#direction === 1 ? -1 : 1;
    this.#rejected++;
    this.#patience = Math.min(mostPatience, 2 ** this.#rejected - 1);
    this.#goTo(this.#held, at);
  }

  #giveUp(at: number): void {
    if (this.probing) return this.#reject(at);
    this.#goTo(this.#held, at);
  }

  #cut(at: number): void {
    this.#held = Math.max(0, Math.min(this.#held, this.#at) - 2);
    this.#score = undefined;
    this.#startOver();
    this.#patience = 4;
    this.#goTo(this.#held, at);
  }

  #startOver(): void {
    this.#stride = 2;
    this.#rejected = 0;
    this.#patience = 0;
  }

  #goTo(step: number, at: number): void {
    this.#at = step;
    this.#from = at;
    this.#samples = [];
    this.#unbound = 0;
  }
}

function stepOf(value: number): number {
  return Math.max(0, steps.findLastIndex((step) => step <= value));
}

/**
 * While the limit is felt there are `calls` under way at any time, so that their time says the
 * throughput too (Little's law). Counting what ends in a window would not: calls that began
 * together end together, at its edge or beyond.
 */
function score(samples: readonly CallSample[], calls: number): Score {
  let items = 0;
  let ms = 0;
  for (const sample of samples) {
    items += sample.items;
    ms += sample.end - sample.start;
  }
  const logMs = Math.log(Math.max(ms / samples.length, 0.01));
  const logRate = Math.log(calls * items / samples.length) - logMs;
  return { power: throughputWeight * logRate - logMs, logMs };
}
