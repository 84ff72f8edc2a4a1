/** Commands of this project as processes of their own, started as a user starts them. */

import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { eventually, type Waiting, within } from "../support/waiting.ts";

const project = join(import.meta.dirname ?? ".", "..", "..");

/** What a process gets of the environment beside the variables that a test gives it. */
const inherited = ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME", "TMPDIR"];

/** Environment variables by name. */
export type Env = Readonly<Record<string, string>>;

/** A task of deno.json. */
export type TaskName =
  | "enqueuer"
  | "dequeuer"
  | "demo"
  | "soak"
  | "top"
  | "example:orders"
  | "example:email_worker"
  | "example:webhooks";

/** A line of the log: its level, its message, and its properties beside them. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [property: string]: unknown;
}

/** How a process is started. */
export interface StartOptions {
  readonly env?: Env;
  readonly args?: readonly string[];
  /** Arguments for the runtime itself, where the process is started by its `command`. */
  readonly runtimeArgs?: readonly string[];
  /**
   * `task` runs `deno task NAME`, which starts the service as its child; `command` runs what the
   * task runs, so that the process is the service itself.
   * @default "command"
   */
  readonly by?: "task" | "command";
  /** Gives it a process group of its own, as a terminal does. @default false */
  readonly ownGroup?: boolean;
}

/** How a process ended. */
export interface Exit {
  readonly code: number;
  readonly stdout: string;
  /** The lines of stderr, without Deno's own warnings. */
  readonly complaints: readonly string[];
}

/** Starts a task. It cannot ask for permissions: it has no terminal. */
export function start(task: TaskName, options: StartOptions = {}): ServiceProcess {
  const { env = {}, args = [], runtimeArgs = [], by = "command", ownGroup = false } = options;
  const command = by === "task"
    ? ["task", "--quiet", task]
    : config.tasks[task].command.split(" ").slice(1).toSpliced(1, 0, ...runtimeArgs);
  const kept = inherited.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: [...command, ...args],
    cwd: project,
    clearEnv: true,
    env: { ...Object.fromEntries(kept), NO_COLOR: "1", LOG_FORMAT: "json", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: ownGroup,
  }).spawn();
  return new ServiceProcess(task, child);
}

/** Starts a task and waits for its end. */
export async function runToEnd(
  task: TaskName,
  { timeoutMs = 30_000, ...options }: StartOptions & Waiting = {},
): Promise<Exit> {
  await using process = start(task, options);
  return await process.exited({ timeoutMs });
}

/** An enqueuer, on a port of its own. */
export function startEnqueuer(env: Env, options: StartOptions = {}): ServiceProcess {
  return start("enqueuer", { ...options, env: { ENQUEUER_PORT: "0", ...env } });
}

/** A dequeuer, on a port of its own. */
export function startDequeuer(env: Env, options: StartOptions = {}): ServiceProcess {
  return start("dequeuer", { ...options, env: { DEQUEUER_PORT: "0", ...env } });
}

/** A process. Disposing of it ends it, by force if need be. */
export class ServiceProcess implements AsyncDisposable {
  readonly task: TaskName;
  /** The lines of the log so far. */
  readonly log: LogLine[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #end: Promise<Exit>;
  #stdout = "";
  #stderr = "";
  #ended = false;

  constructor(task: TaskName, child: Deno.ChildProcess) {
    this.task = task;
    this.#child = child;
    this.#end = this.#follow();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The warnings and errors in the log so far. */
  get troubles(): LogLine[] {
    return this.log.filter(({ level }) => level !== "INFO" && level !== "DEBUG");
  }

  /** Waits for a line of the log whose message matches. */
  line(message: RegExp, waiting?: Waiting): Promise<LogLine> {
    return this.#until(
      `the log line ${message}`,
      () => this.log.find((line) => message.test(line.message)),
      waiting,
    );
  }

  /** Waits until what it has printed matches. */
  printed(pattern: RegExp, waiting?: Waiting): Promise<RegExpExecArray> {
    return this.#until(
      `${pattern} on stdout`,
      () => pattern.exec(this.#stdout) ?? undefined,
      waiting,
    );
  }

  /** Waits until it listens. Returns where, e.g. `http://127.0.0.1:8080`. */
  async url(waiting?: Waiting): Promise<string> {
    return String((await this.line(/^(listening|health and metrics) on /, waiting)).url);
  }

  /** Waits until it is ready for requests. Returns where it listens. */
  async ready(waiting?: Waiting): Promise<string> {
    const url = await this.url(waiting);
    await this.#until("being ready", async () => {
      const response = await fetch(`${url}/health/ready`);
      await response.body?.cancel();
      return response.ok || undefined;
    }, waiting);
    return url;
  }

  /** Sends a signal to the process that was started. One that is gone gets none. */
  signal(signal: Deno.Signal): void {
    this.#kill(this.pid, signal);
  }

  /** Sends a signal to its process group, as Ctrl-C on a terminal does. */
  signalGroup(signal: Deno.Signal): void {
    this.#kill(-this.pid, signal);
  }

  /** Waits for its end. */
  exited(waiting?: Waiting): Promise<Exit> {
    return within(this.#end, `the end of ${this.task}`, waiting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const deadline = performance.now() + 5_000;
    // A task passes signals on to its child, but not SIGKILL.
    while (!this.#ended && performance.now() < deadline) {
      this.signal("SIGTERM");
      await this.exited({ timeoutMs: 600 }).catch(() => {});
    }
    this.signal("SIGKILL");
    await this.#child.status;
  }

  async #follow(): Promise<Exit> {
    await Promise.all([
      read(this.#child.stdout, (text) => this.#heard(text)),
      read(this.#child.stderr, (text) => this.#stderr += text),
    ]);
    const { code } = await this.#child.status;
    this.#ended = true;
    return { code, stdout: this.#stdout, complaints: complaints(this.#stderr) };
  }

  #heard(text: string): void {
    const from = this.#stdout.lastIndexOf("\n") + 1;
    this.#stdout += text;
    for (const line of this.#stdout.slice(from).split("\n").slice(0, -1)) {
      if (line.startsWith("{")) this.log.push(JSON.parse(line));
    }
  }

  async #until<T>(
    what: string,
    check: () => T | undefined | Promise<T | undefined>,
    waiting?: Waiting,
  ): Promise<T> {
    let found: { readonly value: T } | undefined;
    try {
      await eventually(async () => {
        const ended = this.#ended;
        try {
          const value = await check();
          if (value !== undefined) found = { value };
        } catch (error) {
          if (!ended) throw error;
        }
        return found !== undefined || ended;
      }, waiting);
    } catch (cause) {
      throw new Error(`${this.task}: ${what}: ${cause}\n${this.#stderr}`, { cause });
    }
    if (found) return found.value;
    const { code } = await this.#end;
    throw new Error(`${this.task} ended with ${code} before ${what}\n${this.#stderr}`);
  }

  #kill(pid: number, signal: Deno.Signal): void {
    try {
      if (!this.#ended) Deno.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function read(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onText: (text: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) onText(text);
}

function complaints(stderr: string): string[] {
  return stderr.split("\n").filter((line) => line !== "" && !/^Warning\b/.test(line));
}
