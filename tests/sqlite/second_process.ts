import { fileURLToPath } from "node:url";
import { eventually, type Waiting } from "../support/waiting.ts";

/** What `process.ts` can be. */
export type Role = "serve" | "take" | "hold" | "time" | "reply" | "hear" | "publish";
/** What `results_process.ts` can be. */
export type ResultsRole = "claim" | "watch" | "finish" | "cancelled";

/** A `process.ts` or `results_process.ts`, and the lines that it has written. Disposing of it ends it in an orderly way. */
export class SecondProcess implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<void>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#read = this.#readLines();
  }

  /** Starts one, and waits until it has opened the broker. */
  static start(role: Role, url: string, queue: string): Promise<SecondProcess> {
    return SecondProcess.#start("process.ts", role, url, queue);
  }

  /** The same for a process that is about results. */
  static startResults(role: ResultsRole, url: string, id = ""): Promise<SecondProcess> {
    return SecondProcess.#start("results_process.ts", role, url, id);
  }

  static async #start(script: string, ...args: string[]): Promise<SecondProcess> {
    const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", path, ...args],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const started = new SecondProcess(child);
    await started.count(1);
    started.lines.shift();
    return started;
  }

  /** Waits for so many lines. */
  async count(lines: number, waiting?: Waiting): Promise<readonly string[]> {
    await eventually(() => {
      if (this.lines.length >= lines) return true;
      throw new Error(`${this.lines.length} of ${lines} lines`);
    }, waiting);
    return this.lines;
  }

  /** SIGKILL: it gets to do nothing any more. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close().catch(() => {});
    await this.#ended();
  }

  async #ended(): Promise<void> {
    await this.#child.status;
    await this.#read;
  }

  async #readLines(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
    }
  }
}
