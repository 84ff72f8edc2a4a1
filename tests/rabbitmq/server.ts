/** The RabbitMQ server that the tests here run against, and what they do to it. */

import { type ChannelModel, connect } from "amqplib";
import { brokersUnderTest, rabbitmqWithPriorities, type TestBroker } from "../brokers.ts";

type QueueType = "quorum" | "classic" | "classic-priority";

const servers = [...brokersUnderTest, rabbitmqWithPriorities];

/** Without its parameters, as other clients take it. */
export const serverUrl = Deno.env.get("TEST_RABBITMQ_URL") ?? "";

const command = Deno.env.get("TEST_RABBITMQ_CTL")?.split(" ");

/** A test against the server, ignored with the reason where there is none. */
export function rabbitmqTest(
  name: string,
  test: (t: TestBroker) => Promise<void>,
  { queueType = "quorum", needsCtl = false }: { queueType?: QueueType; needsCtl?: boolean } = {},
): void {
  const broker = servers.find((broker) => broker.name === `rabbitmq ${queueType}`);
  const reason = broker?.missing ??
    (needsCtl && !command ? "TEST_RABBITMQ_CTL is not set" : undefined);
  Deno.test({
    name: `rabbitmq: ${name}${reason ? ` [${reason}]` : ""}`,
    ignore: !broker || reason !== undefined,
    async fn() {
      if (!broker) return;
      await using t = await broker.setUp();
      await test(t);
    },
  });
}

/** A rabbitmqctl command. Returns what it printed. */
export async function rabbitmqctl(...args: string[]): Promise<string> {
  const [program = "", ...prefix] = command ?? [];
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...prefix, ...args],
    stdin: "null",
    signal: AbortSignal.timeout(30_000),
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`rabbitmqctl ${args.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

/** A connection of another client library, closed at the end of its scope. */
export async function foreignClient(): Promise<AsyncDisposable & { connection: ChannelModel }> {
  const connection = await connect(serverUrl, { timeout: 10_000 });
  connection.on("error", () => {});
  return { connection, [Symbol.asyncDispose]: () => connection.close() };
}

/** The same server and parameters, with other ones beside or instead. */
export function withParameters(url: string, parameters: Record<string, string>): string {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  return changed.href;
}
