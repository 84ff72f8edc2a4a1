import { join } from "node:path";
import type { Hono } from "hono";
import type { Publish } from "./cloud_event.ts";
import { inventoryService } from "./inventory_service.ts";
import { InventoryStore } from "./inventory_store.ts";
import { notificationService } from "./notification_service.ts";
import { NotificationStore } from "./notification_store.ts";
import { orderService, publishRest } from "./order_service.ts";
import { OrderStore } from "./order_store.ts";

/** A service, ready to be served. */
export interface Service {
  readonly app: Hono;
  readonly store: Disposable;
  /** Does what was left undone when the service ended. */
  readonly resume?: () => Promise<void>;
}

/** What a service is made with. */
export interface ServiceOptions {
  /** The folder of its SQLite file. */
  readonly data: string;
  readonly publish: Publish;
  /** Whether the inventory has enough of what is ordered. */
  readonly succeeds: () => boolean;
}

/** The services, by their names in the queues. */
export const services = {
  orders: {
    topics: "inventory.*",
    make({ data, publish }: ServiceOptions): Service {
      const store = new OrderStore(join(data, "orders.db"));
      const deps = { store, publish };
      return { app: orderService(deps), store, resume: () => publishRest(deps) };
    },
  },
  inventory: {
    topics: "order.created",
    make({ data, publish, succeeds }: ServiceOptions): Service {
      const store = new InventoryStore(join(data, "inventory.db"));
      return { app: inventoryService({ store, publish, succeeds }), store };
    },
  },
  notifications: {
    topics: "inventory.reserved",
    make({ data }: ServiceOptions): Service {
      const store = new NotificationStore(join(data, "notifications.db"));
      return { app: notificationService(store), store };
    },
  },
} as const;

/** The name of a service. */
export type ServiceName = keyof typeof services;

/** All of them. */
export const serviceNames = Object.keys(services) as readonly ServiceName[];
