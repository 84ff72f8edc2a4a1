import assert from "node:assert/strict";
import { eventually } from "../support/waiting.ts";
import { type Env, start, type TaskName } from "./service_process.ts";
import { temporaryBroker } from "./temporary_broker.ts";

/** An example as a user starts it: by its task, with no more permissions than that gives. */
interface Example {
  readonly task: TaskName;
  readonly env: (folder: string) => Env;
  /** Uses it, by what it has printed of where it is. */
  readonly use: (url: (name: string) => Promise<string>) => Promise<void>;
}

const examples: readonly Example[] = [
  {
    task: "example:orders",
    env: (folder) => ({
      ORDERS_DATA: folder,
      ORDERS_PORT: "0",
      INVENTORY_PORT: "0",
      NOTIFICATIONS_PORT: "0",
      INVENTORY_SUCCESS_PERCENT: "100",
    }),
    async use(url) {
      const orders = await url("orders");
      const response = await post(`${orders}/order`, { sku: "tea" });
      assert.equal(response.status, 202);
      const { order_id, status } = await response.json();
      assert.equal(status, "accepted");
      await eventually(async () =>
        (await (await fetch(`${orders}/orders/${order_id}`)).json()).status === "reserved"
      );
      const notifications = await url("notifications");
      await eventually(async () =>
        (await (await fetch(`${notifications}/notifications`)).json()).length === 1
      );
    },
  },
  {
    task: "example:email_worker",
    env: (folder) => ({ EMAIL_WORKER_DATA: folder, EMAIL_WORKER_PORT: "0" }),
    async use(url) {
      const enqueuer = await url("enqueuer");
      const payload = { to: "ada@example.org", subject: "Hello", text: "Hi" };
      const { id } = await (await post(`${enqueuer}/send`, { topic: "email", payload })).json();
      await eventually(async () =>
        (await (await fetch(`${enqueuer}/requests/${id}`)).json()).status === "succeeded"
      );
    },
  },
  {
    task: "example:webhooks",
    env: (folder) => ({
      WEBHOOKS_DATA: folder,
      WEBHOOKS_PORT: "0",
      WEBHOOKS_PROCESSOR_PORT: "0",
    }),
    async use(url) {
      const response = await post(await url("receiver"), {});
      assert.equal(response.status, 401);
      await response.body?.cancel();
    },
  },
];

for (const { task, env, use } of examples) {
  Deno.test(`${task} runs by its task alone, and Ctrl-C ends it with 0`, async () => {
    await using broker = await temporaryBroker();
    await using example = start(task, {
      by: "task",
      ownGroup: true,
      env: { ENQUEUER_PORT: "0", ...env(broker.folder) },
    });
    await example.printed(/^Ctrl-C ends it\.$/m);
    await use(async (name) => {
      const [, url = ""] = await example.printed(new RegExp(`^ +${name} +(http\\S+)`, "m"));
      return url;
    });
    example.signalGroup("SIGINT");
    const { code, complaints } = await example.exited();
    assert.deepEqual(complaints, []);
    assert.equal(code, 0);
  });
}

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
