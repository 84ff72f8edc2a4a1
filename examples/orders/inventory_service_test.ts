import { deepEqual, equal, match } from "node:assert/strict";
import type { OrderEvent } from "./cloud_event.ts";
import { inventoryService } from "./inventory_service.ts";
import { InventoryStore } from "./inventory_store.ts";

function inventory(succeeds: boolean[]) {
  const store = new InventoryStore(":memory:");
  const published: (Pick<OrderEvent, "id" | "type"> & { topic: string })[] = [];
  const state = { down: false };
  const app = inventoryService({
    store,
    succeeds: () => succeeds.shift() ?? true,
    publish(topic, _source, { id, type }) {
      if (state.down) return Promise.reject(new Error("the queue is down"));
      published.push({ topic, id, type });
      return Promise.resolve();
    },
  });
  const hear = (id: string, data: unknown = { order_id: `order of ${id}` }) =>
    app.request("/events", {
      method: "POST",
      body: JSON.stringify(data),
      headers: { "ce-id": id, "ce-type": "OrderCreated" },
    });
  return { app, store, published, state, hear };
}

Deno.test("an event reserves or fails, once, and others are told", async () => {
  const { store, published, hear } = inventory([true, false, false]);
  using _ = store;
  for (const id of ["a", "b", "a", "b"]) equal((await hear(id)).status, 200);
  deepEqual(store.all(), [
    { event_id: "a", order_id: "order of a", reserved: true },
    { event_id: "b", order_id: "order of b", reserved: false },
  ]);
  deepEqual(published, [
    { topic: "inventory.reserved", id: "a.inventory", type: "InventoryReserved" },
    { topic: "inventory.failed", id: "b.inventory", type: "InventoryFailed" },
  ]);
});

Deno.test("what could not be published is published when the event comes again, and is the same", async () => {
  const { store, published, state, hear } = inventory([false, true]);
  using _ = store;
  state.down = true;
  equal((await hear("a")).status, 503);
  state.down = false;
  equal((await hear("a")).status, 200);
  deepEqual(published.map(({ type }) => type), ["InventoryFailed"]);
});

Deno.test("an event that cannot be read is refused", async () => {
  const { app, store, hear } = inventory([]);
  using _ = store;
  const response = await hear("a", { order: 7 });
  equal(response.status, 422);
  match((await response.json()).detail, /data\.order_id/);
  equal((await app.request("/events", { method: "POST", body: "{" })).status, 422);
  deepEqual(await (await app.request("/reservations")).json(), []);
});
