import assert from "node:assert/strict";
import { runToEnd, type StartOptions } from "./service_process.ts";

const small = ["--requests", "400", "--connections", "16"];
const rabbitmqUrl = Deno.env.get("TEST_RABBITMQ_URL");

async function soak(options: StartOptions): Promise<void> {
  const { code, stdout, complaints } = await runToEnd("soak", { ...options, timeoutMs: 60_000 });
  const output = `${stdout}\n${complaints.join("\n")}`;
  assert.equal(code, 0, output);
  assert.match(stdout, /^answered right +400$/m, output);
  assert.match(stdout, /^dequeuer 2 killed and restarted /m, output);
  assert.match(stdout, /^left in the end +0 ready, 0 consumers, /m, output);
}

Deno.test("a small soak over sqlite", () => soak({ args: [...small, "--broker", "sqlite"] }));

Deno.test({
  name: "a small soak over rabbitmq",
  ignore: rabbitmqUrl === undefined,
  fn: () =>
    soak({
      // Other tests use this server: it is not to be restarted.
      args: [...small, "--no-broker-restart"],
      env: {
        BROKER_URL: rabbitmqUrl ?? "",
        TEST_RABBITMQ_CTL: Deno.env.get("TEST_RABBITMQ_CTL") ?? "",
      },
    }),
});

const redisUrl = Deno.env.get("TEST_REDIS_URL");

Deno.test({
  name: "a small soak over redis",
  ignore: !redisUrl,
  fn: () =>
    soak({
      args: [...small, "--broker", "redis", "--no-broker-restart"],
      env: { BROKER_URL: redisUrl ?? "" },
    }),
});

Deno.test("soak says what is allowed", async () => {
  const help = await runToEnd("soak", { args: ["--help"] });
  assert.equal(help.code, 0);
  assert.match(help.stdout, /--requests N/);
  const wrong: [string[], RegExp][] = [
    [["--broker", "nats"], /"nats"; allowed are rabbitmq, redis, sqlite and kafka/],
    [["--connections", "0"], /--connections is "0"; allowed is a whole number from 1 to 1000/],
    [["--requests", "10"], /--requests is "10"; allowed is a whole number from 512/],
    [["--twice"], /Unknown option '--twice'/],
  ];
  for (const [args, message] of wrong) {
    const { code, complaints } = await runToEnd("soak", { args });
    assert.equal(code, 2);
    assert.match(complaints[0] ?? "", message);
  }
});
