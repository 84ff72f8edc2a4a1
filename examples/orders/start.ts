import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startMicroservice } from "../common/microservice.ts";
import { launchDequeuer, launchEnqueuer, layered, type ReadEnv } from "../common/proxymq.ts";
import { allReady, shownUrl } from "../common/ready.ts";
import type { RunningExample } from "../common/run_example.ts";
import { publisher } from "./cloud_event.ts";
import type { OrdersConfig } from "./config.ts";
import { type ServiceName, serviceNames, services } from "./services.ts";

/** The example, or those parts of it that were asked for. */
export interface RunningOrders extends RunningExample {
  readonly enqueuerUrl: string;
  /** Where each service is, whether it runs here or not. */
  readonly urls: Readonly<Record<ServiceName, string>>;
}

/** What {@link startOrders} needs beside the configuration. */
export interface StartOptions {
  /** The environment of the enqueuer and the dequeuers. */
  readonly env: ReadEnv;
  /** Whether the inventory has enough of what is ordered. @default by chance */
  readonly succeeds?: () => boolean;
}

/** Starts the example. */
export async function startOrders(
  config: OrdersConfig,
  {
    env,
    succeeds = () => Math.random() * 100 < config.INVENTORY_SUCCESS_PERCENT,
  }: StartOptions,
): Promise<RunningOrders> {
  const data = config.ORDERS_DATA;
  mkdirSync(data, { recursive: true });
  const broker = env("BROKER_URL") || `sqlite:${join(data, "broker.db")}`;
  const fixed = { BROKER_URL: broker };
  const ports = {
    orders: config.ORDERS_PORT,
    inventory: config.INVENTORY_PORT,
    notifications: config.NOTIFICATIONS_PORT,
  };
  const withProxymq = config.ORDERS_RUN.includes("proxymq");
  // At the end the dequeuers go first, so that what they have begun is done.
  await using stack = new AsyncDisposableStack();
  const enqueuer = withProxymq
    ? stack.use(await launchEnqueuer(layered(env, { fixed })))
    : undefined;
  const enqueuerUrl = enqueuer?.url ?? config.ORDERS_ENQUEUER_URL.origin;
  const publish = publisher(enqueuerUrl);

  const urls: Record<ServiceName, string> = { orders: "", inventory: "", notifications: "" };
  const resumes: (() => Promise<void>)[] = [];
  for (const name of serviceNames) {
    urls[name] = `http://127.0.0.1:${ports[name]}`;
    if (!config.ORDERS_RUN.includes(name)) continue;
    const { app, store, resume } = services[name].make({ data, publish, succeeds });
    stack.use(store);
    urls[name] = stack.use(await startMicroservice(app, ports[name])).url;
    if (resume) resumes.push(resume);
  }
  if (enqueuer) {
    const dequeuers = await Promise.all(serviceNames.map((name) => {
      return launchDequeuer(layered(env, {
        fixed: {
          ...fixed,
          DEQUEUER_PORT: "0",
          DEQUEUER_SERVICE: name,
          DEQUEUER_TARGET_URL: urls[name],
          DEQUEUER_TOPICS: services[name].topics,
          // While a service is down its events wait, and use up no attempt.
          DEQUEUER_TARGET_HEALTH_URL: `${urls[name]}/health`,
        },
      }));
    }));
    for (const dequeuer of dequeuers) stack.use(dequeuer);
    await allReady([enqueuer, ...dequeuers]);
  }
  for (const resume of resumes) await resume();
  const owned = stack.move();
  return {
    enqueuerUrl,
    urls,
    about: about(config, enqueuerUrl, urls, shownUrl(broker)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function about(
  config: OrdersConfig,
  enqueuerUrl: string,
  urls: RunningOrders["urls"],
  broker: string,
): string {
  const lines = [["enqueuer", enqueuerUrl], ...Object.entries(urls)].map(([name = "", url]) =>
    `  ${name.padEnd(14)} ${url}`
  );
  return `
${lines.join("\n")}
  ${"broker".padEnd(14)} ${broker}
  ${"running here".padEnd(14)} ${config.ORDERS_RUN.join(", ")}

Try next:
  curl -i ${urls.orders}/order --json '{"customer":"ada","items":[{"sku":"tea","quantity":2}]}'
  curl ${urls.orders}/orders
  curl ${urls.notifications}/notifications
`;
}
