import { type Client, listOf, type Reply, textOf } from "./client.ts";

/** What a server says of itself. */
export interface Server {
  /** E.g. `Redis 7.2.4`. */
  readonly product: string;
  /** Whether what it has confirmed is on disk when it is restarted; undefined if it does not say. */
  readonly durable: boolean | undefined;
  /** What an operator has to know, if anything: what may be lost. */
  readonly warnings: readonly string[];
}

/** The oldest version with all the commands that the scripts use. */
const leastVersion = [6, 2] as const;

/**
 * Asks a server for its version and for what of its configuration decides what may be lost.
 * @throws {Error} it cannot be used: too old, a replica, or a cluster.
 */
export async function readServer(client: Client): Promise<Server> {
  const [info, fsync] = await Promise.all([
    client.send(["INFO"]).then((reply) => parseInfo(textOf(reply)), () => undefined),
    client.send(["CONFIG", "GET", "appendfsync"]).then(readValue, () => undefined),
  ]);
  return info ? assess(info, fsync) : {
    product: "Redis",
    durable: undefined,
    warnings: [
      "INFO is forbidden to this user: whether what is confirmed is kept could not be checked",
    ],
  };
}

/** The fields of an answer to INFO. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).filter((line) => /^[a-z_0-9]+:/.test(line)).map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/**
 * What the fields of INFO and the setting `appendfsync` come to.
 * @throws {Error} it cannot be used.
 */
export function assess(info: ReadonlyMap<string, string>, fsync: string | undefined): Server {
  const valkey = info.get("valkey_version");
  const version = info.get("redis_version") ?? "0";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor, leastMinor] = leastVersion;
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    throw new Error(`Redis ${version} is too old: it takes ${leastVersion.join(".")}`);
  }
  if (info.get("cluster_enabled") === "1") {
    throw new Error("the server is a node of a Redis Cluster, which is not supported");
  }
  if (info.get("role") === "slave") {
    throw new Error("the server is a replica, which takes no writes");
  }
  const warnings: string[] = [];
  const durable = info.get("aof_enabled") === "1";
  if (!durable) {
    warnings.push(
      "appendonly is off: what is confirmed since the last snapshot is lost when the server ends",
    );
  } else if (fsync === undefined) {
    warnings.push("CONFIG is forbidden to this user: appendfsync could not be checked");
  } else if (fsync !== "always") {
    const lost = fsync === "everysec" ? "the last second or two" : "what was not written yet";
    warnings.push(
      `appendfsync is ${fsync}: ${lost} of what is confirmed may be lost when the machine crashes`,
    );
  }
  const policy = info.get("maxmemory_policy") ?? "noeviction";
  if (policy !== "noeviction") {
    warnings.push(
      `maxmemory-policy is ${policy}: queues may be evicted when memory is short; ` +
        "noeviction loses nothing",
    );
  }
  return {
    product: valkey === undefined ? `Redis ${version}` : `Valkey ${valkey}`,
    durable,
    warnings,
  };
}

function readValue(reply: Reply): string | undefined {
  const value = listOf(reply)[1];
  return value === undefined ? undefined : textOf(value);
}
