import { connect } from "amqplib";
import { DEAD_REASON } from "../../shared/broker/broker.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { run } from "../services/process.ts";
import type { BrokerOptions, BrokerState, DeadLetter, SoakBroker } from "./broker.ts";
import { brokerOn, findServer, type Server } from "./server.ts";

/** RabbitMQ, given by the environment or brought up as for the tests. */
export async function rabbitmqBroker(options: BrokerOptions): Promise<SoakBroker> {
  const ctl = Deno.env.get("TEST_RABBITMQ_CTL");
  const server = await findServer("rabbitmq", /^amqps?:/, options);
  return rabbitmqAt({ ...(ctl ? { ctl } : {}), ...server }, options);
}

/** RabbitMQ on a server that is there. */
export function rabbitmqAt(
  server: Server,
  options: Pick<BrokerOptions, "service" | "restart">,
): SoakBroker {
  const { url, ctl } = server;
  const queue = requestQueue(options.service);
  const dead = deadLetterQueue(options.service);
  return brokerOn(server, options, {
    title: "RabbitMQ",
    look: () => ctl === undefined ? lookByAmqp(url, queue) : lookByCtl(ctl, queue),
    deadLetters: () => takeDeadLetters(url, dead),
    remove: () =>
      onChannel(url, async (channel) => {
        for (const name of [queue, dead]) await channel.deleteQueue(name);
      }),
  });
}

async function onChannel<T>(
  url: string,
  use: (channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>["createChannel"]>>) => T,
): Promise<Awaited<T>> {
  const connection = await connect(url, { timeout: 10_000 });
  connection.on("error", () => {});
  try {
    return await use(await connection.createChannel());
  } finally {
    await connection.close();
  }
}

function lookByAmqp(url: string, queue: string): Promise<BrokerState> {
  return onChannel(url, async (channel) => {
    const { messageCount, consumerCount } = await channel.checkQueue(queue);
    return { ready: messageCount, consumers: consumerCount };
  });
}

async function lookByCtl(ctl: string, queue: string): Promise<BrokerState> {
  const columns = ["name", "messages_ready", "messages_unacknowledged", "consumers"];
  const [queues, connections] = await Promise.all([
    list(ctl, ["list_queues", ...columns]),
    list(ctl, ["list_connections", "client_properties"]),
  ]);
  const own = queues.find(({ name }) => name === queue) ?? {};
  return {
    ready: Number(own.messages_ready ?? 0),
    unacknowledged: Number(own.messages_unacknowledged ?? 0),
    consumers: Number(own.consumers ?? 0),
    replyQueues: queues.map(({ name }) => String(name)).filter((name) => name.startsWith("reply_")),
    connections: connections.filter(isProxymq).length,
  };
}

/** Whether a connection's name is one that ProxyMQ gives. */
function isProxymq({ client_properties }: Record<string, unknown>): boolean {
  return JSON.stringify(client_properties ?? "").includes('"proxymq-');
}

async function list(ctl: string, args: readonly string[]): Promise<Record<string, unknown>[]> {
  const [command = "", ...prefix] = ctl.split(" ");
  const quiet = ["--quiet", "--formatter", "json"];
  const { ok, stdout, stderr } = await run(command, [...prefix, ...quiet, ...args], {
    timeoutMs: 30_000,
  });
  if (!ok) throw new Error(`rabbitmqctl ${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}

function takeDeadLetters(url: string, queue: string): Promise<DeadLetter[]> {
  return onChannel(url, async (channel) => {
    const letters: DeadLetter[] = [];
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (!message) return letters;
      const { headers = {} } = message.properties;
      letters.push({
        path: String(headers.path),
        reason: String(headers[DEAD_REASON] ?? headers["x-first-death-reason"] ?? "none given"),
      });
    }
  });
}
