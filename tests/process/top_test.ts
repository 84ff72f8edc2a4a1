import assert from "node:assert/strict";
import { runToEnd, start, startEnqueuer } from "./service_process.ts";
import { temporaryBroker } from "./temporary_broker.ts";

Deno.test("top shows an enqueuer's queues, once or again and again, and says what is wrong", async () => {
  await using place = await temporaryBroker();
  await using enqueuer = startEnqueuer({
    BROKER_URL: place.url,
    ENQUEUER_SERVICES: "orders",
    ENQUEUER_API_KEYS: "s3cret",
  });
  const url = await enqueuer.ready();
  const send = await fetch(`${url}/send`, {
    method: "POST",
    headers: { authorization: "Bearer s3cret", "content-type": "application/json" },
    body: JSON.stringify({ topic: "orders", payload: 1 }),
  });
  await send.body?.cancel();
  assert.equal(send.status, 202);
  const env = { TOP_URL: url, TOP_KEY: "s3cret" };
  const once = await runToEnd("top", { env, args: ["--once"] });
  assert.equal(once.code, 0, once.complaints.join());
  const lines = once.stdout.trimEnd().split("\n").map((line) => line.split(/ {2,}/).slice(0, 5));
  assert.deepEqual(lines, [
    ["SERVICE", "READY", "IN FLIGHT", "DELAYED", "DEAD"],
    ["orders", "1", "0", "0", "0"],
  ]);

  const refused = await runToEnd("top", { env: { TOP_URL: url }, args: ["--key", "other"] });
  assert.equal(refused.code, 1);
  assert.match(refused.complaints.join(), /^top: http.*: 401, .*Bearer KEY/);

  await using again = start("top", { env, args: ["--every", "200ms"] });
  await again.printed(/READY[^]*READY[^]*0\.0\/s/);
  again.signal("SIGINT");
  assert.equal((await again.exited()).code, 0);
});
