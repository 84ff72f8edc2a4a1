import { open } from "../../shared/broker/rabbitmq/driver.ts";
import { eventually } from "../brokers.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { serverUrl } from "./server.ts";

/** A handle on the server through a proxy, connected. */
export async function openThroughProxy(stack: AsyncDisposableStack) {
  const { hostname, port } = new URL(serverUrl);
  const proxy = stack.use(await startTcpProxy(hostname, Number(port) || 5672));
  const url = new URL(serverUrl);
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  const broker = stack.use(await open(url.href, { name: "proxymq-test" }));
  await eventually(() => broker.status.connected);
  return { broker, proxy };
}
