import {
  type Env,
  type ServiceProcess,
  startDequeuer,
  startEnqueuer,
} from "../../tests/process/service_process.ts";

/** How long a process may take to become ready or to end. */
const patience = { timeoutMs: 60_000 };

/** A process at the end: its memory, and how it ended. */
export interface Ended {
  readonly name: string;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Replies that reached nobody. */
  readonly repliesDropped: number;
  readonly warnings: number;
  readonly errors: number;
  readonly code: number;
}

/** The processes under test: an enqueuer and two dequeuers. */
export class Services {
  readonly #stack: AsyncDisposableStack;
  readonly #enqueuerEnv: Env;
  readonly #dequeuerEnv: Env;
  #enqueuer: ServiceProcess;
  readonly #dequeuers: ServiceProcess[];

  constructor(stack: AsyncDisposableStack, enqueuerEnv: Env, dequeuerEnv: Env) {
    this.#stack = stack;
    this.#enqueuerEnv = enqueuerEnv;
    this.#dequeuerEnv = dequeuerEnv;
    this.#enqueuer = stack.use(startEnqueuer(enqueuerEnv));
    this.#dequeuers = [this.#startDequeuer(), this.#startDequeuer()];
  }

  /** Those that run now. */
  get processes(): readonly ServiceProcess[] {
    return [this.#enqueuer, ...this.#dequeuers];
  }

  /** Waits until all are ready. Returns where the enqueuer listens. */
  async ready(): Promise<string> {
    const [front] = await Promise.all([
      this.#enqueuer.ready(patience),
      ...this.#dequeuers.map((dequeuer) => dequeuer.ready(patience)),
    ]);
    return front;
  }

  /** Kills a dequeuer, which the other one survives, and starts it again. */
  async replaceDequeuer(index: 0 | 1): Promise<void> {
    const killed = this.#dequeuers[index];
    killed?.signal("SIGKILL");
    await killed?.exited();
    await (this.#dequeuers[index] = this.#startDequeuer()).ready(patience);
  }

  /** Kills the enqueuer, and starts it again where it was. */
  async replaceEnqueuer(): Promise<void> {
    const { port } = new URL(await this.#enqueuer.url());
    this.#enqueuer.signal("SIGKILL");
    await this.#enqueuer.exited();
    this.#enqueuer = this.#stack.use(
      startEnqueuer({ ...this.#enqueuerEnv, ENQUEUER_PORT: port }),
    );
    await this.#enqueuer.ready(patience);
  }

  /** Ends all of them in good order. */
  async end(): Promise<Ended[]> {
    const named: (readonly [string, ServiceProcess])[] = [
      ["enqueuer", this.#enqueuer],
      ...this.#dequeuers.map((dequeuer, i) => [`dequeuer ${i + 1}`, dequeuer] as const),
    ];
    const seen = await Promise.all(named.map(([, process]) => metricsOf(process)));
    for (const [, process] of named) process.signal("SIGTERM");
    return await Promise.all(named.map(async ([name, process], i) => ({
      name,
      rssBytes: seen[i]?.("process_resident_memory_bytes") ?? NaN,
      heapBytes: seen[i]?.("process_heap_bytes") ?? NaN,
      repliesDropped: seen[i]?.(`${process.task}_replies_dropped_total`) ?? NaN,
      warnings: process.log.filter(({ level }) => level === "WARN").length,
      errors: process.log.filter(({ level }) => level === "ERROR").length,
      code: (await process.exited(patience)).code,
    })));
  }

  #startDequeuer(): ServiceProcess {
    return this.#stack.use(startDequeuer(this.#dequeuerEnv));
  }
}

/** Reads a process's metrics by their names. */
async function metricsOf(process: ServiceProcess): Promise<(name: string) => number> {
  const metrics = await (await fetch(`${await process.url()}/metrics`)).text();
  return (name) => Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "m").exec(metrics)?.[1]);
}
