import assert from "node:assert/strict";
import { runToEnd } from "./service_process.ts";
import { temporaryBroker } from "./temporary_broker.ts";

Deno.test("demo --once sends a request through the queue, and ends with 0", async () => {
  await using broker = await temporaryBroker();
  const { code, stdout, complaints } = await runToEnd("demo", {
    by: "task",
    args: ["--once"],
    env: { BROKER_URL: broker.url, ENQUEUER_PORT: "0", DEQUEUER_PORT: "0" },
  });
  assert.deepEqual(complaints, []);
  assert.equal(code, 0);
  assert.match(stdout, /^HTTP 200 application\/json/m);
  assert.match(stdout, /"title":"ProxyMQ"/);
  assert.match(stdout, /url-fetcher_requests/);
});

Deno.test("demo --help says what it does; an unknown argument ends with 2", async () => {
  const help = await runToEnd("demo", { by: "task", args: ["--help"] });
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Usage: deno task demo \[--once\]/);
  const wrong = await runToEnd("demo", { by: "task", args: ["--twice"] });
  assert.equal(wrong.code, 2);
  assert.match(wrong.complaints.join("\n"), /--twice.*--once and --help/);
});
