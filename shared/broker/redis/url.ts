import { BrokerUrlError } from "../errors.ts";

/** Where and how to connect, read from a broker URL. */
export interface Target {
  readonly tls: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  /** For how long a client that is not heard of keeps what it holds, milliseconds. */
  readonly leaseMs: number;
  /** For operators: host, port and database, nothing secret. */
  readonly shown: string;
}

const form = "allowed is redis://user:password@host:6379/0";

/**
 * Reads a broker URL: `redis://user:password@host:port/database`, or `rediss://` for TLS. Its own
 * parameter: `lease` (seconds, 2 to 600; default 15).
 *
 * @throws {BrokerUrlError} it cannot be read. The message never repeats the URL, which may hold a password.
 */
export function parseUrl(text: string): Target {
  if (!URL.canParse(text)) throw new BrokerUrlError(`the broker URL is no URL; ${form}`);
  const url = new URL(text);
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") {
    throw new BrokerUrlError(`Redis is reached by redis or rediss; ${form}`);
  }
  if (url.hostname === "") throw new BrokerUrlError(`the broker URL has no host; ${form}`);
  if (url.port === "0") throw new BrokerUrlError(`a port is 1 to 65535; ${form}`);
  const database = url.pathname.replace(/^\//, "");
  if (!/^\d{0,5}$/.test(database)) {
    throw new BrokerUrlError("the path of a Redis URL is the number of a database");
  }
  const { lease = "15", ...unknown } = Object.fromEntries(url.searchParams);
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new BrokerUrlError(`the broker URL has the parameter "${name}"; known is lease`);
  }
  const seconds = Number(lease);
  if (!Number.isInteger(seconds) || seconds < 2 || seconds > 600) {
    throw new BrokerUrlError("lease is a whole number of seconds from 2 to 600");
  }
  const username = decode(url.username);
  const password = decode(url.password);
  const { hostname } = url;
  const port = Number(url.port || 6379);
  return {
    tls: url.protocol === "rediss:",
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    database: Number(database),
    leaseMs: seconds * 1000,
    shown: `${hostname}:${port}/${Number(database)}`,
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BrokerUrlError("the broker URL has a % that no two hexadecimal digits follow");
  }
}
