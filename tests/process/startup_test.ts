import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { microservice } from "../e2e/stack.ts";
import { runToEnd, startDequeuer, startEnqueuer, type TaskName } from "./service_process.ts";
import { temporaryBroker } from "./temporary_broker.ts";

const dequeuerEnv = { DEQUEUER_SERVICE: "any", DEQUEUER_TARGET_URL: "http://127.0.0.1:9" };

const tasks: readonly TaskName[] = ["enqueuer", "dequeuer"];

for (const task of tasks) {
  Deno.test(`${task} on a port that is in use ends with 1, and says so in a line`, async () => {
    await using other = microservice(() => new Response());
    const port = String(other.port);
    const { code, complaints } = await runToEnd(task, {
      by: "task",
      env: { ...dequeuerEnv, BROKER_URL: "memory:", ENQUEUER_PORT: port, DEQUEUER_PORT: port },
    });
    assert.equal(code, 1);
    assert.equal(complaints.length, 1, complaints.join("\n"));
    assert.match(
      complaints[0] ?? "",
      new RegExp(`^${task}: cannot listen on 127\\.0\\.0\\.1:${port}: .*in use`),
    );
  });

  Deno.test(`${task} on a SQLite file in a missing folder ends with 1, and says so in a line`, async () => {
    await using broker = await temporaryBroker();
    const file = join(broker.folder, "missing", "broker.db");
    const { code, complaints } = await runToEnd(task, {
      by: "task",
      env: { ...dequeuerEnv, BROKER_URL: `sqlite:${file}`, ENQUEUER_PORT: "0", DEQUEUER_PORT: "0" },
    });
    assert.equal(code, 1);
    assert.equal(complaints.length, 1, complaints.join("\n"));
    assert.ok(complaints[0]?.startsWith(`${task}: the database ${file} cannot be used`));
  });
}

Deno.test("without their broker both stay up, not ready, and say so once", async () => {
  const env = { BROKER_URL: "amqp://me:s3cret@127.0.0.1:9/", ENQUEUER_SERVICES: "any" };
  await using enqueuer = startEnqueuer(env);
  await using dequeuer = startDequeuer({ ...env, ...dequeuerEnv });
  const [front, back] = await Promise.all([enqueuer.url(), dequeuer.url()]);

  for (const url of [front, back]) {
    assert.equal(await statusOf(`${url}/health/live`), 200);
    assert.equal(await statusOf(`${url}/health/ready`), 503);
  }
  const start = performance.now();
  const response = await fetch(`${front}/proxy/any/x`, { method: "POST", body: "x" });
  const { type, request_id } = await response.json();
  assert.ok(performance.now() - start < 1_000);
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "2");
  assert.equal(type, "urn:proxymq:problem:broker-unavailable");
  assert.equal(response.headers.get("proxymq-request-id"), request_id);

  // Time for several tries to connect: that nothing more is said shows in nothing else.
  await delay(2_000);
  for (const service of [enqueuer, dequeuer]) {
    assert.deepEqual(service.troubles.map(({ level }) => level), ["WARN"]);
    assert.match(service.troubles[0]?.message ?? "", /^broker not connected: .*127\.0\.0\.1:9/);
    assert.doesNotMatch(JSON.stringify(service.log), /s3cret/);
    service.signal("SIGTERM");
    assert.equal((await service.exited({ timeoutMs: 5_000 })).code, 0);
  }
});

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}
