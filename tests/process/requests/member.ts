import type { ServiceProcess } from "../service_process.ts";

/** How long a process may take to be ready, on a busy machine. */
const patience = { timeoutMs: 30_000 };

/** A service that is killed and started again, at the same address. */
export class Member implements AsyncDisposable {
  readonly #start: (port: string) => ServiceProcess;
  #process: ServiceProcess;
  #url = "";

  /** @param start starts it on a port; "0" picks one. */
  constructor(start: (port: string) => ServiceProcess) {
    this.#start = start;
    this.#process = start("0");
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Where it listens. */
  get url(): string {
    return this.#url;
  }

  async ready(): Promise<void> {
    this.#url = await this.#process.ready(patience);
  }

  /** Ends it by SIGKILL. */
  async kill(): Promise<void> {
    this.#process.signal("SIGKILL");
    await this.#process.exited();
  }

  /** Starts it again, and waits until it is ready. */
  async restart(): Promise<void> {
    this.#process = this.#start(new URL(this.#url).port);
    await this.ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
