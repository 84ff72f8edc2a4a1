import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { buildPackage } from "../../scripts/npm/build.ts";
import { facts } from "../../scripts/npm/facts.ts";
import { run } from "../../scripts/npm/files.ts";
import { type Env, ServiceProcess } from "../process/service_process.ts";
import { bundleForNode } from "./bundle.ts";
import { findNode, npm } from "./node_runtime.ts";

/** What the tests import beside the package. */
const testPackages = [
  "@cfworker/json-schema",
  "@whatwg-node/disposablestack",
  "amqplib",
] as const;

/** How many tests ended how. */
export interface Outcome {
  readonly passed: number;
  readonly skipped: number;
}

/** The package, built and installed in a folder of its own, with a Node to run it. */
export class Installation implements AsyncDisposable {
  readonly #folder: string;
  readonly #node: string;

  private constructor(folder: string, node: string) {
    this.#folder = folder;
    this.#node = node;
  }

  static async make(): Promise<Installation> {
    const folder = await Deno.makeTempDir({ prefix: "proxymq_node_" });
    try {
      const [tarball, node] = await Promise.all([buildPackage(folder), findNode()]);
      await Deno.writeTextFile(join(folder, "package.json"), '{ "type": "module" }\n');
      const others = testPackages.map((name) => config.imports[name].replace(/^npm:/, ""));
      const installation = new Installation(folder, node);
      await installation.add(tarball, ...others);
      return installation;
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /** Installs packages. */
  async add(...packages: string[]): Promise<void> {
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
    await npm(["install", ...quiet, ...packages], this.#folder);
  }

  get #package(): string {
    return join(this.#folder, "node_modules", facts.name);
  }

  /** What npm links a command to. */
  #command(name: string): string {
    return join(this.#folder, "node_modules", ".bin", name);
  }

  /** Starts a service by its command. */
  start(service: "enqueuer" | "dequeuer", env: Env): ServiceProcess {
    const child = new Deno.Command(this.#node, {
      args: [this.#command(`proxymq-${service}`)],
      cwd: this.#folder,
      clearEnv: true,
      env: { LOG_FORMAT: "json", [`${service.toUpperCase()}_PORT`]: "0", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new ServiceProcess(service, child);
  }

  /** Runs the command `proxymq` to its end. @throws {Error} with what it printed, if it failed. */
  proxymq(args: readonly string[], env: Env = {}): Promise<string> {
    return this.run([this.#command("proxymq"), ...args], env);
  }

  /** Runs Node to its end. @throws {Error} with what it printed, if it failed. */
  run(args: readonly string[], env: Env = {}): Promise<string> {
    return run(this.#node, args, { cwd: this.#folder, env });
  }

  /** Writes a file beside the package's node_modules. Returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name);
    await Deno.writeTextFile(path, text);
    return path;
  }

  /**
   * Runs files of this project's tests on Node, against the package.
   * @throws {Error} with what they printed, if one fails.
   */
  async runTests(tests: readonly string[], env: Env): Promise<Outcome> {
    const files = await bundleForNode(tests, this.#package, this.#folder);
    const args = ["--test", "--test-concurrency=1", "--test-reporter=tap", "--test-timeout=600000"];
    const report = await this.run([...args, ...files], env);
    const count = (word: string) => Number(new RegExp(`^# ${word} (\\d+)`, "m").exec(report)?.[1]);
    return { passed: count("pass"), skipped: count("skipped") };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.#folder, { recursive: true });
  }
}
