import type { Config } from "../../shared/config/config.ts";
import { integer, list, port, text, url } from "../../shared/config/variable.ts";
import { serviceNames } from "./services.ts";

const parts = ["proxymq", ...serviceNames];

const variables = {
  ORDERS_RUN: list(new RegExp(`^(${parts.join("|")})$`), parts.join(", "), {
    description: "What of the example runs in this process: `proxymq` is the enqueuer and the " +
      "dequeuers, the others are the services.",
    default: parts.join(","),
  }),
  ORDERS_DATA: text(/^[^\0]+$/, "a folder", {
    description: "Where the services keep their state, and the broker unless `BROKER_URL` is set.",
    default: ".data/orders",
  }),
  ORDERS_ENQUEUER_URL: url(["http:", "https:"], {
    description: "Where events are published if `proxymq` does not run in this process.",
    default: "http://127.0.0.1:8080",
  }),
  ORDERS_PORT: port({ description: "The order service's port.", default: "8085" }),
  INVENTORY_PORT: port({ description: "The inventory service's port.", default: "8086" }),
  NOTIFICATIONS_PORT: port({ description: "The notification service's port.", default: "8087" }),
  INVENTORY_SUCCESS_PERCENT: integer(0, 100, {
    description: "How many of a hundred orders the inventory can serve.",
    default: "90",
  }),
};

/** The example's manual. */
export const manual = {
  name: "example:orders",
  summary: "An order, an inventory and a notification service that talk by events.",
  variables,
};

/** What the example can be told. */
export type OrdersConfig = Config<typeof variables>;
