import { Hono } from "hono";
import { problem } from "../common/problem.ts";
import { readEvent } from "./cloud_event.ts";
import type { NotificationStore } from "./notification_store.ts";

/** Tells customers that their orders are reserved; of nothing else. */
export function notificationService(store: NotificationStore): Hono {
  const app = new Hono();
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.get("/notifications", (c) => c.json(store.all()));
  app.post("/events", async (c) => {
    const event = await readEvent(c.req.raw);
    if ("fault" in event) return problem(422, event.fault);
    const { order_id } = event.data;
    if (event.type === "InventoryReserved") {
      store.add({ event_id: event.id, order_id, text: `Your order ${order_id} is on its way.` });
    }
    return c.body(null, 204);
  });
  app.notFound(() => problem(404, "there are POST /events, GET /notifications and /health"));
  return app;
}
