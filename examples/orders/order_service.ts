import { Hono } from "hono";
import { z } from "zod";
import { problem } from "../common/problem.ts";
import { type Publish, readEvent } from "./cloud_event.ts";
import type { Order, OrderStatus, OrderStore } from "./order_store.ts";

/** What {@link orderService} needs. */
export interface OrderServiceDeps {
  readonly store: OrderStore;
  readonly publish: Publish;
}

const order = z.record(z.string(), z.json());

const statuses: Readonly<Record<string, OrderStatus>> = {
  InventoryReserved: "reserved",
  InventoryFailed: "failed",
};

/** Takes orders, says that there is a new one, and hears what the inventory makes of it. */
export function orderService({ store, publish }: OrderServiceDeps): Hono {
  const app = new Hono();
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.post("/order", async (c) => {
    const { success, data } = order.safeParse(await c.req.json().catch(() => undefined));
    if (!success) return problem(400, "allowed is a JSON object: what is ordered");
    const accepted: Order = {
      order_id: crypto.randomUUID(),
      status: "accepted",
      created_at: new Date().toISOString(),
      order: data,
    };
    store.add(accepted);
    try {
      await publishCreated({ store, publish }, accepted);
    } catch (error) {
      store.remove(accepted.order_id);
      return problem(503, error instanceof Error ? error.message : String(error), {
        "retry-after": "2",
      });
    }
    const { order_id, status } = accepted;
    return c.json({ order_id, status }, 202, { location: `/orders/${order_id}` });
  });
  app.get("/orders", (c) => c.json(store.all()));
  app.get("/orders/:id", (c) => {
    const found = store.find(c.req.param("id"));
    return found ? c.json(found) : problem(404, "there is no such order");
  });
  app.post("/events", async (c) => {
    const event = await readEvent(c.req.raw);
    if ("fault" in event) return problem(422, event.fault);
    const status = statuses[event.type];
    if (status) store.setStatus(event.data.order_id, status);
    return c.body(null, 204);
  });
  app.notFound(() => problem(404, "there are POST /order, GET /orders, /orders/{id} and /health"));
  return app;
}

/** Publishes what may not have been when the service ended. */
export async function publishRest(deps: OrderServiceDeps): Promise<void> {
  for (const order of deps.store.unpublished()) await publishCreated(deps, order);
}

async function publishCreated({ store, publish }: OrderServiceDeps, order: Order): Promise<void> {
  const { order_id, created_at } = order;
  // An id that follows from the order's: published twice, it is known again.
  await publish("order.created", "/orders", {
    id: `${order_id}.created`,
    type: "OrderCreated",
    data: { order_id, created_at, order: order.order },
  });
  store.published(order_id);
}
