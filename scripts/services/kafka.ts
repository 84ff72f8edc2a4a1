import { createHash } from "node:crypto";
import { dockerSource } from "./docker_source.ts";
import { givenSource } from "./given_source.ts";
import { jarsMissing, kafkaVersion } from "./kafka_jars.ts";
import { bootNode, haltNode, nodeLeader, smallServer, writeNode } from "./kafka_node.ts";
import { acceptsKafka } from "./kafka_ready.ts";
import { reservePorts } from "./ports.ts";
import { killGroup } from "./process.ts";
import type { Proxied, Service, Source } from "./service.ts";

const given = () => Deno.env.get("TEST_KAFKA_URL") || undefined;
/** The ports of clients that come by a proxy, if they are free. */
const preferredProxied: Proxied = { port: 29_192, proxyPort: 24_192 };
const controllerPortInDocker = 9_093;

/** A server of our own, run by java from the jars that Kafka publishes. */
const fromJars: Source = {
  how: "jars",
  missing: jarsMissing,

  async start(context) {
    const { dir } = context;
    const clusterId = clusterIdOf(dir);
    // A command that was killed may have left a server that no state tells of.
    const left = await nodeLeader(dir);
    if (left !== undefined) killGroup(left);
    for (let tries = 1;; tries++) {
      await Deno.remove(dir, { recursive: true }).catch(() => {});
      await Deno.mkdir(dir, { recursive: true });
      const near = [9_192, 19_192, preferredProxied.port, preferredProxied.proxyPort];
      const [port = 0, controllerPort = 0, ...others] = await reservePorts(dir, near);
      const [proxiedPort = 0, proxyPort = 0] = others;
      const proxied = { port: proxiedPort, proxyPort };
      context.log(`starting on port ${port}`);
      const url = `kafka://127.0.0.1:${port}`;
      try {
        await writeNode({ dir, port, controllerPort, proxied, clusterId }, context);
        await bootNode(url, clusterId, context);
        return { how: "jars", url, proxied };
      } catch (error) {
        // Somebody else may have taken the port that was free just now.
        if (tries === 2 || context.signal.aborted) throw error;
      }
    }
  },

  async isRunning({ url }, { dir }) {
    return await nodeLeader(dir) !== undefined && await acceptsKafka(url, clusterIdOf(dir));
  },

  async stop(_service, { dir }) {
    await haltNode(dir, true);
    await Deno.remove(dir, { recursive: true }).catch(() => {});
  },

  async restart({ url }, context, { kill }) {
    await haltNode(context.dir, kill);
    await bootNode(url, clusterIdOf(context.dir), context);
  },
};

const inDocker = dockerSource({
  image: `apache/kafka:${kafkaVersion}`,
  preferredPort: 9_192,
  preferredProxied,
  url: (port) => `kafka://127.0.0.1:${port}`,
  accepts: acceptsKafka,
  ctl: "/opt/kafka/bin/kafka-topics.sh",
  // The image takes each property as a variable. A server tells its clients where it listens.
  env: (port, { port: proxiedPort, proxyPort } = preferredProxied) =>
    Object.fromEntries(
      Object.entries({
        ...smallServer,
        "node.id": 1,
        "process.roles": "broker,controller",
        "controller.quorum.voters": `1@127.0.0.1:${controllerPortInDocker}`,
        listeners: `PLAINTEXT://:${port},PROXIED://:${proxiedPort},` +
          `CONTROLLER://:${controllerPortInDocker}`,
        "advertised.listeners": `PLAINTEXT://127.0.0.1:${port},PROXIED://127.0.0.1:${proxyPort}`,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map":
          "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT",
      }).map(([name, value]) => [
        `KAFKA_${name.toUpperCase().replaceAll(".", "_")}`,
        `${value}`,
      ]),
    ),
});

/** Kafka, on a port and a data folder of its own. */
export const kafka: Service = {
  name: "kafka",
  given,
  sources: [givenSource("TEST_KAFKA_URL", given, acceptsKafka), inDocker, fromJars],
  environment: ({ url }) => ({ TEST_KAFKA_URL: url }),
};

/** Kafka's ids of clusters are 16 bytes in base64, for URLs. */
function clusterIdOf(dir: string): string {
  return createHash("sha256").update(dir).digest().subarray(0, 16).toString("base64url");
}
