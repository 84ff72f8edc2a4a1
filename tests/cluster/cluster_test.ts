import assert from "node:assert/strict";
import { type ClusterBroker, runCluster } from "../../scripts/cluster/run.ts";
import { tables } from "../../scripts/cluster/table.ts";
import { jarsMissing } from "../../scripts/services/kafka_jars.ts";
import { rabbitmqMissing } from "../../scripts/services/rabbitmq_node.ts";

/** Milliseconds: several times what it takes. */
const patienceMs = 240_000;

const clusters: readonly (readonly [ClusterBroker, string | undefined, number])[] = [
  // Replies that were on their way through the node are lost with it.
  ["rabbitmq", rabbitmqMissing(), 40],
  [
    "kafka",
    Deno.env.get("TEST_KAFKA_E2E") === "all" ? await jarsMissing() : "only with TEST_KAFKA_E2E=all",
    1,
  ],
];

for (const [broker, missing, tolerated] of clusters) {
  Deno.test({
    name: `a ${broker} cluster loses the leader of a queue, then the next one, and nothing else${
      missing ? ` [${missing}]` : ""
    }`,
    ignore: missing !== undefined,
    async fn() {
      const timeout = AbortSignal.timeout(patienceMs);
      const said: string[] = [];
      const result = await runCluster({
        broker,
        requests: 1_500,
        connections: 16,
        perSecond: 150,
        signal: timeout,
        log: (line) => said.push(line),
      });
      const told = `${said.join("\n")}\n${tables(result)}`;
      console.log(tables(result));
      assert.deepEqual(result.failures, [], told);
      assert.equal(result.account.told502 + result.account.told503, 0, told);
      assert.equal(result.losses.length, 2);
      assert.ok(result.account.told504 < tolerated, told);
      for (const { readyMs } of result.losses) assert.ok(readyMs < 30_000, told);
    },
  });
}

Deno.test("the cluster command says what is allowed", async () => {
  const script = new URL("../../scripts/cluster/main.ts", import.meta.url).pathname;
  const run = (...args: string[]) =>
    new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...args] }).output();
  const text = new TextDecoder();
  const help = await run("--help");
  assert.equal(help.code, 0);
  assert.match(text.decode(help.stdout), /--requests N/);
  const unknown = await run("--broker", "redis");
  assert.equal(unknown.code, 2);
  assert.match(text.decode(unknown.stderr), /--broker is "redis"; allowed is rabbitmq or kafka/);
  const wrong = await run("--rate", "0");
  assert.equal(wrong.code, 2);
  assert.match(text.decode(wrong.stderr), /--rate is "0"; allowed is a whole number from 1 to/);
});
