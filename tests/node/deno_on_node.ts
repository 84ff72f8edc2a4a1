/**
 * What this project's tests take of `Deno`, on Node: they run there as they are. Injected into each
 * of them; of the product only the package is taken.
 *
 * @module
 */
import { AsyncDisposableStack, DisposableStack } from "@whatwg-node/disposablestack";
import { spawn } from "node:child_process";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { IncomingRequest } from "../../shared/http/server/incoming.ts";
import { send } from "../../shared/http/server/outgoing.ts";

interface Definition {
  readonly name: string;
  readonly ignore?: boolean;
  readonly fn: (t: Steps) => void | Promise<void>;
}

interface Steps {
  step(name: string, fn: (t: Steps) => void | Promise<void>): Promise<void>;
}

function steps(t: TestContext): Steps {
  return { step: (name, fn) => t.test(name, async (t) => await fn(steps(t))) };
}

function define(...given: [Definition] | [string, Definition["fn"]]): void {
  const [first] = given;
  const { name, ignore = false, fn } = typeof first === "string"
    ? { name: first, fn: given[1] as Definition["fn"] }
    : first;
  void test(name, { skip: ignore }, async (t) => await fn(steps(t)));
}

const whole = { awaitsContinue: false, onClose: () => {} };

function serve(
  { port = 0 }: { readonly port?: number },
  handler: (request: Request) => Response | Promise<Response>,
) {
  const server = createServer(async (incoming, outgoing) => {
    await send(await handler(new IncomingRequest(incoming, outgoing, whole).web), outgoing);
  });
  // Without a host name it listens at once, so that its port is known.
  server.listen(port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    addr: { port: bound, hostname: "127.0.0.1" },
    async shutdown() {
      server.close();
      server.closeIdleConnections();
      if (server.listening) await once(server, "close");
    },
  };
}

class Command {
  readonly #command: string;
  readonly #options: { readonly args?: readonly string[]; readonly signal?: AbortSignal };

  constructor(command: string, options: { args?: readonly string[]; signal?: AbortSignal } = {}) {
    this.#command = command;
    this.#options = options;
  }

  async output() {
    const { args = [], signal } = this.#options;
    const child = spawn(this.#command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal ? { signal } : {}),
    });
    const read = async (stream: AsyncIterable<Uint8Array>) =>
      new Uint8Array(Buffer.concat(await Array.fromAsync(stream)));
    const ended = once(child, "close");
    const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
    const [code] = await ended;
    return { code, success: code === 0, stdout, stderr };
  }
}

class NotFound extends Error {}

const shim = {
  test: define,
  serve,
  Command,
  env: { get: (name: string) => process.env[name] },
  hostname,
  pid: process.pid,
  mainModule: pathToFileURL((process.argv[1] ?? "").replace(/\.js$/, ".ts")).href,
  memoryUsage: () => process.memoryUsage(),
  errors: { NotFound },
  inspect,
  makeTempDir: ({ prefix = "" } = {}) => mkdtemp(join(tmpdir(), prefix)),
  async *readDir(path: string) {
    yield* await readdir(path, { withFileTypes: true });
  },
  readTextFile: (path: string | URL) => readFile(path, "utf8"),
  remove: (path: string, options?: { readonly recursive?: boolean }) => rm(path, options ?? {}),
  symlink: (target: string, path: string) => symlink(target, path),
};

Object.assign(globalThis, {
  // A name of its own: the package must not take Node for Deno.
  DenoOnNode: shim,
  AsyncDisposableStack: globalThis.AsyncDisposableStack ?? AsyncDisposableStack,
  DisposableStack: globalThis.DisposableStack ?? DisposableStack,
});
