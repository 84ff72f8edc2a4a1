import { open } from "../../shared/broker/rabbitmq/driver.ts";
import { eventually } from "../brokers.ts";
import { networkTo } from "../support/network.ts";
import { serverUrl } from "./server.ts";

/** A handle on the server through a proxy, connected. */
export async function openThroughProxy(stack: AsyncDisposableStack) {
  const { url, proxy } = await networkTo(stack, serverUrl);
  const broker = stack.use(await open(url, { name: "proxymq-test" }));
  await eventually(() => broker.status.connected);
  return { broker, proxy };
}
