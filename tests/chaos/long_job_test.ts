import assert from "node:assert/strict";
import { startDequeuer } from "../process/service_process.ts";

// What the driver knows of RabbitMQ it knows before it is connected.
const env = {
  BROKER_URL: "amqp://127.0.0.1:9/",
  DEQUEUER_SERVICE: "reports",
  DEQUEUER_TARGET_URL: "http://127.0.0.1:9",
};

Deno.test("a dequeuer whose jobs may outlast RabbitMQ's patience says at start what to do", async () => {
  await using dequeuer = startDequeuer({ ...env, DEQUEUER_TIMEOUT: "45m" });
  const { level, message } = await dequeuer.line(/DEQUEUER_TIMEOUT/);
  assert.equal(level, "WARN");
  assert.match(message, /raise consumer_timeout above 2700000 \(milliseconds\) on the server/);
});

Deno.test("a dequeuer with shorter jobs says nothing of that", async () => {
  await using dequeuer = startDequeuer({ ...env, DEQUEUER_TIMEOUT: "30m" });
  await dequeuer.url();
  assert.ok(!dequeuer.log.some(({ message }) => /DEQUEUER_TIMEOUT/.test(message)));
});
