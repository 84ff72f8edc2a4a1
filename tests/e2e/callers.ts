import { connect } from "node:net";

/** A caller that can go away. */
export interface Caller {
  /** Goes away without a word. */
  hangUp(): void;
}

/** Longer than what comes with a request's head, so that it is read by itself. */
const body = "hello ".repeat(2_000);

/** Calls by `fetch`, and hangs up by aborting it. */
export function fetchCaller(url: string, headers: HeadersInit = {}): Caller {
  const controller = new AbortController();
  fetch(url, { method: "POST", headers, body, signal: controller.signal }).catch(() => {});
  return { hangUp: () => controller.abort() };
}

/** Calls on a socket of its own, and hangs up by destroying that. */
export function socketCaller(url: string): Caller {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  const head =
    `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(head + body);
  return { hangUp: () => socket.destroy() };
}

/** The ways to call. */
export const callers: Readonly<Record<string, (url: string) => Caller>> = {
  "an aborted fetch": fetchCaller,
  "a destroyed socket": socketCaller,
};
