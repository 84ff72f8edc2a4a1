import { Hono } from "hono";
import { problem } from "../common/problem.ts";
import { type Publish, readEvent } from "./cloud_event.ts";
import type { InventoryStore } from "./inventory_store.ts";

/** What {@link inventoryService} needs. */
export interface InventoryServiceDeps {
  readonly store: InventoryStore;
  readonly publish: Publish;
  /** Whether there is enough of what is ordered. */
  readonly succeeds: () => boolean;
}

/**
 * Reserves what is ordered, once for each event, however often it comes, and says what came of it. An
 * event that it cannot read is refused, which makes it a dead letter.
 */
export function inventoryService({ store, publish, succeeds }: InventoryServiceDeps): Hono {
  const app = new Hono();
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.get("/reservations", (c) => c.json(store.all()));
  app.post("/events", async (c) => {
    const event = await readEvent(c.req.raw);
    if ("fault" in event) return problem(422, event.fault);
    const { order_id } = event.data;
    const entered = store.enter({ event_id: event.id, order_id, reserved: succeeds() });
    const { reserved, published } = entered;
    if (!published) {
      const [topic, type] = reserved
        ? ["inventory.reserved", "InventoryReserved"] as const
        : ["inventory.failed", "InventoryFailed"] as const;
      try {
        await publish(topic, "/inventory", {
          id: `${event.id}.inventory`,
          type,
          data: { order_id: entered.order_id },
        });
      } catch (error) {
        return problem(503, error instanceof Error ? error.message : String(error));
      }
      store.published(event.id);
    }
    return c.json({ order_id: entered.order_id, reserved });
  });
  app.notFound(() => problem(404, "there are POST /events, GET /reservations and /health"));
  return app;
}
