import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { acceptsAmqp } from "./amqp_ready.ts";
import { killGroup } from "./process.ts";
import { reservePorts } from "./ports.ts";
import {
  bootNode,
  haltNode,
  nodeFiles,
  nodeLeader,
  rabbitmqMissing,
  stopEpmd,
  writeNode,
} from "./rabbitmq_node.ts";
import type { Source } from "./service.ts";

const name = "proxymq-test@localhost";

/** A server of our own, run by the RabbitMQ that is installed on this machine. */
export const installedRabbitmq: Source = {
  how: "installed",
  missing: () => Promise.resolve(rabbitmqMissing()),

  async start(context) {
    const { dir } = context;
    const clusterName = clusterNameOf(dir);
    const files = nodeFiles(dir);
    // A command that was killed may have left a server that no state tells of.
    const left = await nodeLeader(dir);
    if (left !== undefined) killGroup(left);
    if (existsSync(files.environment)) await stopEpmd(dir);
    await Deno.remove(dir, { recursive: true }).catch(() => {});

    for (let tries = 1;; tries++) {
      await Deno.mkdir(dir, { recursive: true });
      const near = [5_679, 25_679, 4_679];
      const [port = 0, distPort = 0, epmdPort = 0] = await reservePorts(dir, near);
      await writeNode({ dir, name, port, distPort, epmdPort, clusterName });
      context.log(`starting on port ${port}`);
      const url = `amqp://guest:guest@127.0.0.1:${port}/`;
      try {
        await bootNode(url, clusterName, context);
        return { how: "installed", url, ctl: files.ctl };
      } catch (error) {
        await stopEpmd(dir);
        // Somebody else may have taken the port that was free just now.
        if (tries === 3 || context.signal.aborted) throw error;
      }
    }
  },

  async isRunning({ url }, { dir }) {
    return await nodeLeader(dir) !== undefined && await acceptsAmqp(url, clusterNameOf(dir));
  },

  async stop(_service, { dir }) {
    await haltNode(dir, false);
    await stopEpmd(dir);
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  },

  async restart({ url }, context, { kill }) {
    await haltNode(context.dir, kill);
    await bootNode(url, clusterNameOf(context.dir), context);
  },
};

function clusterNameOf(dir: string): string {
  return `proxymq-${createHash("sha256").update(dir).digest("hex").slice(0, 16)}`;
}
