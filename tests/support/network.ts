import { startTcpProxy, type TcpProxy } from "./tcp_proxy.ts";

/** A way to a server through a network that can fail. */
export interface Network {
  /** The server's URL, by this way. */
  readonly url: string;
  readonly proxy: TcpProxy;
}

const usualPorts: Readonly<Record<string, number>> = {
  "amqp:": 5672,
  "redis:": 6379,
  "kafka:": 9092,
};

/**
 * Makes a way to the server at a URL; the stack ends it.
 * @param ports where the server listens for who comes by a proxy, and which proxy it tells them
 * of, for one that tells its clients where to connect. @default the URL's port, and a free one
 */
export async function networkTo(
  stack: AsyncDisposableStack,
  serverUrl: string,
  ports: { readonly port?: number; readonly proxyPort?: number } = {},
): Promise<Network> {
  const url = new URL(serverUrl);
  const { port = Number(url.port) || usualPorts[url.protocol] || 0, proxyPort } = ports;
  const proxy = stack.use(await startTcpProxy(url.hostname, port, proxyPort));
  url.hostname = "127.0.0.1";
  url.port = `${proxy.port}`;
  return { url: url.href, proxy };
}
