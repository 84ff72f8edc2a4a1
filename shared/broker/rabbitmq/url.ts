import { BrokerUrlError } from "../errors.ts";

/** The two queue types of RabbitMQ that a work queue can have. */
export type QueueType = "quorum" | "classic";

/** Where and how to connect, read from a broker URL. */
export interface Target {
  readonly scheme: "amqp" | "amqps" | "ws" | "wss";
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  readonly queueType: QueueType;
  /** Seconds between heartbeats. */
  readonly heartbeat: number;
  /** The endpoint of a WebSocket, without credentials and without our own parameters. */
  readonly endpoint: string;
  /** For operators: host and port, nothing secret. */
  readonly shown: string;
}

const defaultPorts = { amqp: 5672, amqps: 5671, ws: 80, wss: 443 };

/**
 * Reads a broker URL: `amqp://user:password@host:port/vhost`, or `wss://user:password@host/path`
 * whose virtual host is the parameter `vhost`. Our own parameters: `queueType` (`quorum` or
 * `classic`) and `heartbeat` (seconds, 1 to 600).
 *
 * @throws {BrokerUrlError} it cannot be read. The message never repeats the URL, which may hold a password.
 */
export function parseUrl(text: string): Target {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new BrokerUrlError("the broker URL is malformed: amqp://user:password@host:port/vhost");
  }
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== "amqp" && scheme !== "amqps" && scheme !== "ws" && scheme !== "wss") {
    throw new BrokerUrlError(`RabbitMQ is reached by amqp, amqps, ws or wss, not by "${scheme}"`);
  }
  const overWebSocket = scheme === "ws" || scheme === "wss";
  const queueType = take(url, "queueType") ?? "quorum";
  if (queueType !== "quorum" && queueType !== "classic") {
    throw new BrokerUrlError(`queueType is quorum or classic, not "${queueType}"`);
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
  url.username = "";
  url.password = "";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost";
  const port = Number(url.port) || defaultPorts[scheme];
  const shown = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const endpoint = overWebSocket ? url.href : "";
  return { scheme, host, port, vhost, username, password, queueType, heartbeat, endpoint, shown };
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
