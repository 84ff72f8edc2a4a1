import { BrokerUrlError } from "../errors.ts";

/** The two queue types of RabbitMQ that a work queue can have. */
export type QueueType = "quorum" | "classic";

/** What work queues can be: classic ones have priorities only if they are declared for it. */
const choices = ["quorum", "classic", "classic-priority"] as const;

/** The most urgent priority. */
const mostUrgent = 9;

type Scheme = "amqp" | "amqps" | "ws" | "wss";

/** One server, or one node of a cluster. */
export interface Host {
  /** A name, or an address without brackets. */
  readonly name: string;
  readonly port: number;
  /** The endpoint of a WebSocket, without credentials and without our own parameters; else empty. */
  readonly endpoint: string;
  /** For operators: name and port, nothing secret. */
  readonly shown: string;
}

/** Where and how to connect, read from a broker URL. */
export interface Target {
  readonly scheme: Scheme;
  /** Those of one cluster, at least one, in the order given. */
  readonly hosts: readonly Host[];
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  readonly queueType: QueueType;
  /** The highest priority that work queues are declared with, if they are declared with any. */
  readonly maxPriority?: number;
  /** Seconds between heartbeats. */
  readonly heartbeat: number;
  /** For operators: all the hosts, nothing secret. */
  readonly shown: string;
}

const defaultPorts = { amqp: 5672, amqps: 5671, ws: 80, wss: 443 };
const form = "allowed is amqp://user:password@host:5672/vhost, or several hosts of one cluster " +
  "with commas between them: amqp://user:password@a:5672,b:5672,[::1]:5672/vhost";

/**
 * Reads a broker URL: `amqp://user:password@host:port/vhost`, or `wss://user:password@host/path`
 * whose virtual host is the parameter `vhost`. Several hosts of a cluster have commas between them,
 * each with a port of its own or without. Our own parameters: `queueType` (`quorum`, `classic` or
 * `classic-priority`) and `heartbeat` (seconds, 1 to 600).
 *
 * @throws {BrokerUrlError} it cannot be read. The message never repeats the URL, which may hold a password.
 */
export function parseUrl(text: string): Target {
  const [, scheme = "", authority = "", rest = ""] = /^([^:/?#]+):\/\/([^/?#]*)(.*)$/s.exec(text) ??
    [];
  if (scheme === "") throw new BrokerUrlError(`the broker URL is no URL; ${form}`);
  if (scheme !== "amqp" && scheme !== "amqps" && scheme !== "ws" && scheme !== "wss") {
    throw new BrokerUrlError(`RabbitMQ is reached by amqp, amqps, ws or wss, not by "${scheme}"`);
  }
  const at = authority.lastIndexOf("@") + 1;
  const credentials = authority.slice(0, at);
  if (/^[^:]*,|@.*,.*@$/s.test(credentials)) {
    throw new BrokerUrlError(
      "the broker URL has a user for more than one host; user and password are given once, " +
        "before the first host, and a comma or @ in them is written %2C or %40",
    );
  }
  const hosts = (authority === "" ? "localhost" : authority.slice(at)).split(",");
  const urls = hosts.map((host, i) =>
    readUrl(`${scheme}://${host}`) ?? refuse(i, hosts.length, host === "")
  );
  const url = readUrl(`${scheme}://${credentials}${hosts[0]}${rest}`);
  if (!url) throw new BrokerUrlError(`the broker URL is no URL; ${form}`);
  const overWebSocket = scheme === "ws" || scheme === "wss";
  const chosen = take(url, "queueType") ?? "quorum";
  const choice = choices.find((known) => known === chosen);
  if (!choice) {
    throw new BrokerUrlError(`queueType is quorum, classic or classic-priority, not "${chosen}"`);
  }
  const heartbeat = Number(take(url, "heartbeat") ?? "10");
  if (!Number.isInteger(heartbeat) || heartbeat < 1 || heartbeat > 600) {
    throw new BrokerUrlError("heartbeat is a whole number of seconds from 1 to 600");
  }
  const vhost = (overWebSocket ? take(url, "vhost") : decode(url.pathname.slice(1))) || "/";
  const unknown = overWebSocket ? undefined : url.searchParams.keys().next().value;
  if (unknown !== undefined) {
    throw new BrokerUrlError(
      `the broker URL has the parameter "${unknown}"; known are queueType and heartbeat`,
    );
  }
  const username = decode(url.username) || "guest";
  const password = decode(url.password) || "guest";
  const all = urls.map((host) => readHost(scheme, host, overWebSocket ? url : undefined));
  const shown = all.map((host) => host.shown).join(", ");
  return {
    scheme,
    hosts: all,
    vhost,
    username,
    password,
    queueType: choice === "quorum" ? "quorum" : "classic",
    ...(choice === "classic-priority" ? { maxPriority: mostUrgent } : {}),
    heartbeat,
    shown,
  };
}

function readUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.hostname === "" || url.port === "0" ? undefined : url;
}

/** @param endpoint the whole URL of a WebSocket, whose host is to be this one. */
function readHost(scheme: Scheme, { hostname, port }: URL, endpoint: URL | undefined): Host {
  const number = Number(port) || defaultPorts[scheme];
  const host = {
    name: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: number,
    shown: `${hostname}:${number}`,
  };
  if (!endpoint) return { ...host, endpoint: "" };
  const url = new URL(endpoint);
  const parts = { username: "", password: "", hostname, port };
  return { ...host, endpoint: Object.assign(url, parts).href };
}

function refuse(index: number, count: number, empty: boolean): never {
  const which = count === 1 ? "the host" : `host ${index + 1} of ${count}`;
  const what = empty ? "is empty" : "is no host with a port from 1 to 65535";
  throw new BrokerUrlError(`${which} in the broker URL ${what}; ${form}`);
}

function take(url: URL, name: string): string | undefined {
  const value = url.searchParams.get(name) ?? undefined;
  url.searchParams.delete(name);
  return value;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BrokerUrlError("the broker URL has a % that no two hexadecimal digits follow");
  }
}
