import type { IncomingMessage } from "node:http";

/**
 * A request's headers as the Web has them. Most are asked for one or two, which the parser's table has
 * at hand; the Web's object, which takes longer than all of that, is made for whoever asks for more.
 */
export class IncomingHeaders {
  readonly #incoming: IncomingMessage;
  #web: Headers | undefined;

  /** @param incoming of a server with `joinDuplicateHeaders`. */
  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  /** All of it. */
  get web(): Headers {
    return this.#web ??= new Headers(pairs(this.#incoming.rawHeaders));
  }

  get(name: string): string | null {
    if (this.#web) return this.#web.get(name);
    const value = this.#incoming.headers[name];
    if (typeof value === "string") return value;
    // What is asked for in another spelling is not looked up in the table.
    return value === undefined && lowerCase.test(name) ? null : this.web.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  set(name: string, value: string): void {
    this.web.set(name, value);
  }

  append(name: string, value: string): void {
    this.web.append(name, value);
  }

  delete(name: string): void {
    this.web.delete(name);
  }

  getSetCookie(): string[] {
    return this.web.getSetCookie();
  }

  forEach(callBack: (value: string, name: string, headers: Headers) => void): void {
    this.web.forEach(callBack);
  }

  keys(): ReturnType<Headers["keys"]> {
    return this.web.keys();
  }

  values(): ReturnType<Headers["values"]> {
    return this.web.values();
  }

  entries(): ReturnType<Headers["entries"]> {
    return this.web.entries();
  }

  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.web.entries();
  }
}

const lowerCase = /^[a-z0-9-]+$/;

function pairs(rawHeaders: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    list.push([rawHeaders[i] ?? "", rawHeaders[i + 1] ?? ""]);
  }
  return list;
}
