import { deepEqual, equal, match } from "node:assert/strict";
import type { OrderEvent } from "./cloud_event.ts";
import { orderService, publishRest } from "./order_service.ts";
import { OrderStore } from "./order_store.ts";

const post = (body: unknown) => ({ method: "POST", body: JSON.stringify(body) });

Deno.test("an order is taken, published, and changes when the inventory has decided", async () => {
  using store = new OrderStore(":memory:");
  const published: [string, string, OrderEvent][] = [];
  const app = orderService({
    store,
    publish: (...event) => {
      published.push(event);
      return Promise.resolve();
    },
  });
  const response = await app.request("/order", post({ customer: "ada" }));
  equal(response.status, 202);
  const { order_id, ...rest } = await response.json();
  deepEqual(rest, { status: "accepted" });
  equal(response.headers.get("location"), `/orders/${order_id}`);
  const [topic, source, event] = published[0] ?? [];
  deepEqual([topic, source, event?.type], ["order.created", "/orders", "OrderCreated"]);
  equal(event?.data.order_id, order_id);

  const hear = (type: string) =>
    app.request("/events", {
      ...post({ order_id }),
      headers: { "ce-id": "1", "ce-type": type },
    });
  const status = async () => (await (await app.request(`/orders/${order_id}`)).json()).status;
  for (
    const [type, expected] of [
      ["SomethingElse", "accepted"],
      ["InventoryFailed", "failed"],
      ["InventoryReserved", "reserved"],
    ] as const
  ) {
    equal((await hear(type)).status, 204);
    equal(await status(), expected);
  }
  deepEqual((await (await app.request("/orders")).json())[0].order, { customer: "ada" });
  equal((await app.request("/orders/none")).status, 404);
  deepEqual(await (await app.request("/health")).json(), { status: "ok" });
});

Deno.test("bad input, and an event that is none, are refused", async () => {
  using store = new OrderStore(":memory:");
  const app = orderService({ store, publish: () => Promise.reject(new Error("not called")) });
  for (const body of ["tea", [1], null]) {
    equal((await app.request("/order", post(body))).status, 400);
  }
  const event = await app.request("/events", post({ order_id: "1" }));
  equal(event.status, 422);
  match((await event.json()).detail, /id: .*type: /);
  deepEqual(store.all(), []);
});

Deno.test("an order that cannot be published is not taken", async () => {
  using store = new OrderStore(":memory:");
  const app = orderService({
    store,
    publish: () => Promise.reject(new Error("the queue is down")),
  });
  const response = await app.request("/order", post({}));
  equal(response.status, 503);
  equal(response.headers.get("retry-after"), "2");
  deepEqual(store.all(), []);
});

Deno.test("what was not published when the service ended is published when it starts again", async () => {
  using store = new OrderStore(":memory:");
  store.add({ order_id: "1", status: "accepted", created_at: "2026-11-22T12:00:00Z", order: {} });
  const ids: string[] = [];
  const publish = (_topic: string, _source: string, { id }: OrderEvent) => {
    ids.push(id);
    return Promise.resolve();
  };
  await publishRest({ store, publish });
  await publishRest({ store, publish });
  deepEqual(ids, ["1.created"]);
});
