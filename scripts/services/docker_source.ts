import { basename, dirname } from "node:path";
import { freePort, run, until } from "./process.ts";
import type { Context, Proxied, Source } from "./service.ts";

/** The image of a server and how it is reached. */
export interface Image {
  readonly image: string;
  /** What is run in it, with its arguments. @default what the image runs by itself */
  readonly command?: readonly string[];
  /** The port inside the container; without it, the same as this machine's. */
  readonly port?: number;
  /** The port of this machine, if it is free. */
  readonly preferredPort: number;
  url(port: number): string;
  accepts(url: string): Promise<boolean>;
  /** The administration command inside the container. */
  readonly ctl: string;
  /** The ports for clients that come by a proxy, if they are free; the first one is published too. */
  readonly preferredProxied?: Proxied;
  /** Its environment variables, for ports of this machine. */
  env?(port: number, proxied: Proxied | undefined): Readonly<Record<string, string>>;
}

/** A server in a container of its own, where a Docker engine answers. */
export function dockerSource(image: Image): Source {
  const ready = async (url: string, { signal, log }: Context) => {
    await until(() => image.accepts(url), {
      what: `${image.image} accepting connections`,
      timeoutMs: 90_000,
      signal,
      onWait: (seconds) => log(`starting (${seconds} s)`),
    });
  };
  const remove = async (container: string) => {
    await run("docker", ["rm", "--force", "--volumes", container], { timeoutMs: 30_000 });
  };
  return {
    how: "docker",
    async missing() {
      const engine = await run("docker", ["info", "--format", "{{.ServerVersion}}"], {
        timeoutMs: 5_000,
      });
      return engine.ok && engine.stdout.trim() !== "" ? undefined : "no Docker engine answers";
    },
    async start(context) {
      const port = await freePort(image.preferredPort);
      const { preferredProxied } = image;
      const proxied = preferredProxied && {
        port: await freePort(preferredProxied.port),
        proxyPort: await freePort(preferredProxied.proxyPort),
      };
      const container = `proxymq-${basename(context.dir)}-${port}`;
      const project = dirname(dirname(context.dir));
      context.log(`docker run ${image.image} on port ${port}`);
      const started = await run("docker", [
        ...["run", "--detach", "--name", container, "--hostname", container],
        ...["--label", `proxymq.project=${project}`],
        ...Object.entries(image.env?.(port, proxied) ?? {})
          .map(([name, value]) => `--env=${name}=${value}`),
        ...(proxied ? ["--publish", `127.0.0.1:${proxied.port}:${proxied.port}`] : []),
        ...["--publish", `127.0.0.1:${port}:${image.port ?? port}`, image.image],
        ...image.command ?? [],
      ], { timeoutMs: 300_000, signal: context.signal });
      try {
        if (!started.ok) throw new Error(`docker run: ${started.stderr.trim()}`);
        const url = image.url(port);
        await ready(url, context);
        const ctl = `docker exec ${container} ${image.ctl}`;
        return { how: "docker", url, container, ctl, ...(proxied ? { proxied } : {}) };
      } catch (error) {
        await remove(container);
        throw error;
      }
    },
    isRunning: ({ url }) => image.accepts(url),
    stop: ({ container = "" }) => remove(container),
    async restart({ url, container = "" }, context, { kill }) {
      await run("docker", [kill ? "kill" : "stop", container], { timeoutMs: 60_000 });
      const started = await run("docker", ["start", container], { timeoutMs: 60_000 });
      if (!started.ok) throw new Error(`docker start: ${started.stderr.trim()}`);
      await ready(url, context);
    },
  };
}
