import assert from "node:assert/strict";
import { runCluster } from "../../scripts/cluster/run.ts";
import { tables } from "../../scripts/cluster/table.ts";
import { rabbitmqMissing } from "../../scripts/services/rabbitmq_node.ts";

const missing = rabbitmqMissing();
/** Milliseconds: several times what it takes. */
const patienceMs = 240_000;

Deno.test({
  name: `a cluster loses the leader of a queue, and then the next one, and nothing else${
    missing ? ` [${missing}]` : ""
  }`,
  ignore: missing !== undefined,
  async fn() {
    const timeout = AbortSignal.timeout(patienceMs);
    const said: string[] = [];
    const result = await runCluster({
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
    // Replies that were on their way through the node are lost with it.
    assert.ok(result.account.told504 < 40, told);
    for (const { readyMs } of result.losses) assert.ok(readyMs < 30_000, told);
  },
});

Deno.test("the cluster command says what is allowed", async () => {
  const script = new URL("../../scripts/cluster/main.ts", import.meta.url).pathname;
  const run = (...args: string[]) =>
    new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...args] }).output();
  const text = new TextDecoder();
  const help = await run("--help");
  assert.equal(help.code, 0);
  assert.match(text.decode(help.stdout), /--requests N/);
  const wrong = await run("--rate", "0");
  assert.equal(wrong.code, 2);
  assert.match(text.decode(wrong.stderr), /--rate is "0"; allowed is a whole number from 1 to/);
});
