import { BrokerUrlError } from "../errors.ts";

/** One server of a cluster. */
export interface Host {
  readonly host: string;
  readonly port: number;
}

const mechanisms = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const;

/** How a client says who it is. */
export interface Credentials {
  readonly mechanism: (typeof mechanisms)[keyof typeof mechanisms];
  readonly username: string;
  readonly password: string;
}

/** Where and how to connect, read from a broker URL. */
export interface Target {
  /** Those that are asked first, at least one; they tell of the others. */
  readonly hosts: readonly Host[];
  readonly tls: boolean;
  readonly credentials?: Credentials;
  /** How many partitions a queue is made with. */
  readonly partitions: number;
  /** How many copies a topic is made with; -1 leaves it to the server. */
  readonly replication: number;
  /** For operators: all the hosts, nothing secret. */
  readonly shown: string;
}

const defaultPort = 9092;
const known = ["tls", "sasl", "partitions", "replication"];
const form = "allowed is kafka://user:password@host:9092, or several hosts of one cluster with " +
  "commas between them: kafka://a:9092,b:9092";

/**
 * Reads a broker URL: `kafka://user:password@host:port`, with several hosts of one cluster or one.
 * The parameters are `tls` (`true`, `false`; default `false`), `sasl` (`plain`, `scram-sha-256`,
 * `scram-sha-512`; default `plain` if there is a user), `partitions` (1 to 1000; default 1) and
 * `replication` (1 to 32; default the server's).
 *
 * @throws {BrokerUrlError} it cannot be read. The message never repeats the URL, which may hold a password.
 */
export function parseUrl(text: string): Target {
  const [, authority = "", rest = ""] = /^kafka:\/\/([^/?#]*)(.*)$/s.exec(text) ?? [];
  const at = authority.lastIndexOf("@") + 1;
  const hosts = authority.slice(at).split(",").map((host, index, all) => {
    return readHost(host) ?? refuse(index, all.length, host === "");
  });
  const [path = "", query = ""] = rest.split("?");
  if (path !== "" && path !== "/") {
    throw new BrokerUrlError(`the broker URL has a path, which Kafka has no use for; ${form}`);
  }
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue;
    throw new BrokerUrlError(
      `the broker URL has the parameter "${name}"; known are ${known.join(", ")}`,
    );
  }
  const credentials = readCredentials(authority.slice(0, Math.max(0, at - 1)), parameters);
  return {
    hosts,
    tls: choice(parameters, "tls", ["false", "true"]) === "true",
    ...(credentials ? { credentials } : {}),
    partitions: count(parameters, "partitions", 1, 1_000),
    replication: count(parameters, "replication", -1, 32),
    shown: hosts.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`)
      .join(", "),
  };
}

function readHost(text: string): Host | undefined {
  if (text === "" || !URL.canParse(`kafka://${text}`)) return undefined;
  const { hostname, port, username } = new URL(`kafka://${text}`);
  if (hostname === "" || port === "0" || username !== "") return undefined;
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) || defaultPort };
}

function refuse(index: number, count: number, empty: boolean): never {
  const which = count === 1 ? "the host" : `host ${index + 1} of ${count}`;
  const what = empty ? "is empty" : "is no host with a port from 1 to 65535";
  throw new BrokerUrlError(`${which} in the broker URL ${what}; ${form}`);
}

function readCredentials(text: string, parameters: URLSearchParams): Credentials | undefined {
  const [username = "", ...password] = text.split(":");
  const chosen = choice(parameters, "sasl", ["plain", ...Object.keys(mechanisms)]);
  if (text === "") {
    if (!parameters.has("sasl")) return undefined;
    throw new BrokerUrlError('the broker URL has the parameter "sasl", but no user and password');
  }
  const mechanism = mechanisms[chosen as keyof typeof mechanisms];
  return { mechanism, username: decode(username), password: decode(password.join(":")) };
}

/** The first of the choices is the default. */
function choice(parameters: URLSearchParams, name: string, choices: readonly string[]): string {
  const chosen = parameters.get(name) ?? choices[0] ?? "";
  if (choices.includes(chosen)) return chosen;
  const allowed = [...new Set(choices)].join(", ");
  throw new BrokerUrlError(`${name} is one of ${allowed}, not "${chosen}"`);
}

function count(parameters: URLSearchParams, name: string, without: number, most: number): number {
  const text = parameters.get(name);
  if (text === null) return without;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new BrokerUrlError(`${name} is a whole number from 1 to ${most}, not "${text}"`);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BrokerUrlError("the broker URL has a % that no two hexadecimal digits follow");
  }
}
