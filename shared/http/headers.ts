/**
 * HTTP headers on their way through the queue: a table by lower-case name, a repeated header as
 * an array.
 */
export type HeaderTable = Record<string, string | string[]>;

/**
 * Headers for the connection between two neighbours, which never pass (RFC 9110 section 7.6.1);
 * and those whose meaning ends with it all the same: `trailer`, since trailers are dropped,
 * `proxy-authenticate` and `proxy-authorization` (sections 11.7.1 and 11.7.2).
 */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const namePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether a header has a name and a value that HTTP allows (RFC 9110 section 5). */
export function isHeader(name: string, value: string): boolean {
  return namePattern.test(name) && valuePattern.test(value);
}

/** Names of further hop-by-hop headers, as the `Connection` headers list them. */
function namedByConnection(raw: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== "connection") continue;
    for (const name of raw[i + 1]?.toLowerCase().split(",") ?? []) names.push(name.trim());
  }
  return names;
}

/**
 * A caller's headers as they go into the queue, from name and value in turn. Left out are the
 * hop-by-hop ones; `host`, `content-length` and `expect`, which the next connection has of its own;
 * and ProxyMQ's own (`proxymq-*`), which a caller cannot speak for.
 */
export function requestHeaders(raw: readonly string[]): HeaderTable {
  const table: HeaderTable = {};
  const connection = namedByConnection(raw);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? "";
    if (
      hopByHop.has(name) || name === "host" || name === "content-length" || name === "expect" ||
      name.startsWith("proxymq-") || connection.includes(name)
    ) continue;
    add(table, name, raw[i + 1] ?? "");
  }
  return table;
}

/**
 * A microservice's headers as they go into the queue, from name and value in turn. Left out are
 * the hop-by-hop ones, and `content-length` but for a response to HEAD, whose body does not say it.
 */
export function responseHeaders(raw: readonly string[], method: string): HeaderTable {
  const table: HeaderTable = {};
  const connection = namedByConnection(raw);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? "";
    if (hopByHop.has(name) || connection.includes(name)) continue;
    if (name === "content-length" && method !== "HEAD") continue;
    add(table, name, raw[i + 1] ?? "");
  }
  return table;
}

/** A table as name and value in turn, a repeated header several times. */
export function toRawHeaders(table: HeaderTable): string[] {
  const raw: string[] = [];
  for (const name in table) {
    const value = table[name];
    if (typeof value === "string") raw.push(name, value);
    else if (value) { for (const item of value) raw.push(name, item); }
  }
  return raw;
}

/**
 * A table as web `Headers`.
 * @throws {TypeError} a name or a value is not one that HTTP allows.
 */
export function toHeaders(table: HeaderTable): Headers {
  const headers = new Headers();
  for (const name in table) {
    const value = table[name];
    if (typeof value === "string") headers.append(name, value);
    else if (value) { for (const item of value) headers.append(name, item); }
  }
  return headers;
}

function add(table: HeaderTable, name: string, value: string): void {
  const present = table[name];
  if (present === undefined) table[name] = value;
  else if (typeof present === "string") table[name] = [present, value];
  else present.push(value);
}
