import { deepEqual, equal, ok } from "node:assert/strict";
import { freePort } from "../../scripts/services/process.ts";
import { loadConfig } from "../../shared/config/config.ts";
import { exportLetters, importLetters } from "../../shared/dead_letters/transfer.ts";
import { brokersUnderTest, eventually } from "../../tests/brokers.ts";
import { manual } from "./config.ts";
import type { Notification } from "./notification_store.ts";
import type { Order } from "./order_store.ts";
import type { Reservation } from "./inventory_store.ts";
import { serviceNames } from "./services.ts";
import { type RunningOrders, startOrders } from "./start.ts";

for (const broker of brokersUnderTest) {
  Deno.test({
    name: `the orders example, whole, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn(t) {
      await using place = await broker.setUp();
      serviceNames.forEach((name) => place.own(name));
      const data = await Deno.makeTempDir({ prefix: "proxymq_orders_" });
      await using stack = new AsyncDisposableStack();
      stack.defer(() => Deno.remove(data, { recursive: true }));
      const inventoryPort = await freePort(0);
      let asked = 0;
      const start = (settings: Readonly<Record<string, string>>) => {
        const env = {
          BROKER_URL: place.url,
          ENQUEUER_PORT: "0",
          DEQUEUER_RETRY_BASE: "20ms",
          ORDERS_DATA: data,
          ORDERS_PORT: "0",
          INVENTORY_PORT: String(inventoryPort),
          NOTIFICATIONS_PORT: "0",
          ...settings,
        };
        const read = (name: string) => Object.entries(env).find(([key]) => key === name)?.[1];
        const config = loadConfig(manual.variables, read);
        // Of ten it can serve nine, the last one not.
        return startOrders(config, { env: read, succeeds: () => ++asked % 10 !== 0 });
      };
      const shop: RunningOrders = stack.use(
        await start({ ORDERS_RUN: "proxymq,orders,notifications" }),
      );
      const { urls, enqueuerUrl } = shop;
      const startInventory = () =>
        start({ ORDERS_RUN: "inventory", ORDERS_ENQUEUER_URL: enqueuerUrl });
      const orders = () => get<Order[]>(`${urls.orders}/orders`);
      const reservations = () => get<Reservation[]>(`${urls.inventory}/reservations`);
      const notifications = () => get<Notification[]>(`${urls.notifications}/notifications`);

      await t.step(
        "orders come in while the inventory is down, and are all done afterwards",
        async () => {
          const ids = await Promise.all(Array.from({ length: 10 }, async (_, quantity) => {
            const { order_id, status } = await order(urls.orders, { sku: "tea", quantity });
            equal(status, "accepted");
            return order_id;
          }));
          equal((await orders()).every(({ status }) => status === "accepted"), true);
          stack.use(await startInventory());
          await eventually(async () =>
            (await orders()).every(({ status }) => status !== "accepted")
          );
          const done = await orders();
          deepEqual(new Set(done.map(({ order_id }) => order_id)), new Set(ids));
          const reserved = done.filter(({ status }) => status === "reserved");
          equal(reserved.length, 9);
          deepEqual((await reservations()).filter(({ reserved }) => reserved).length, 9);
          await eventually(async () => (await notifications()).length === 9);
          deepEqual(
            new Set((await notifications()).map(({ order_id }) => order_id)),
            new Set(reserved.map(({ order_id }) => order_id)),
          );
          const [first] = reserved;
          deepEqual(await get(`${urls.orders}/orders/${first?.order_id}`), first);
        },
      );

      await t.step("an event that comes twice reserves once, and notifies once", async () => {
        const event = { id: "twice", order_id: "order-7" };
        await publish(enqueuerUrl, event);
        await publish(enqueuerUrl, event);
        // What comes after the second one is done after it.
        await publish(enqueuerUrl, { id: "after", order_id: "order-8" });
        const count = async () => (await reservations()).length;
        await eventually(async () => await count() === 12);
        await eventually(async () => (await notifications()).length === 11);
        const of = ({ order_id }: { order_id: string }) => order_id === "order-7";
        equal((await reservations()).filter(of).length, 1);
        equal((await notifications()).filter(of).length, 1);
      });

      await t.step("a malformed event is a dead letter, and is mended and replayed", async () => {
        await publish(enqueuerUrl, { id: "malformed", order: "order-9" });
        const handle = await place.open();
        await eventually(async () => (await handle.stats("inventory_requests")).dead === 1);
        let lines = "";
        const signal = AbortSignal.timeout(10_000);
        await exportLetters(
          handle,
          "inventory",
          { filter: {}, discard: true, signal },
          (written) => {
            lines += written;
            return Promise.resolve();
          },
        );
        const letter = JSON.parse(lines);
        equal(letter.headers["dead-reason"], "status-422");
        const event = JSON.parse(atob(letter.body));
        event.data = { order_id: event.data.order };
        const mended = { ...letter, body: btoa(JSON.stringify(event)) };
        const imported = await importLetters(handle, "inventory", lineOf(mended), {
          signal,
          toQueue: true,
        });
        equal(imported, 1);
        await eventually(async () =>
          (await reservations()).some(({ order_id }) => order_id === "order-9")
        );
        equal((await handle.stats("inventory_requests")).dead, 0);
        // By now the second of those that came twice is done as well.
        equal((await reservations()).length, 13);
      });
    },
  });
}

async function* lineOf(value: unknown): AsyncGenerator<string> {
  yield JSON.stringify(value);
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  const text = await response.text();
  ok(response.ok, text);
  return JSON.parse(text);
}

async function order(url: string, body: unknown): Promise<{ order_id: string; status: string }> {
  const response = await fetch(`${url}/order`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  equal(response.status, 202);
  return await response.json();
}

/** Publishes an event by hand, as a CloudEvent in structured mode. */
async function publish(
  url: string,
  { id, ...data }: { readonly id: string; readonly [name: string]: string },
): Promise<void> {
  const response = await fetch(`${url}/publish/order.created`, {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify({
      specversion: "1.0",
      id,
      source: "/by/hand",
      type: "OrderCreated",
      datacontenttype: "application/json",
      data,
    }),
  });
  const text = await response.text();
  equal(response.status, 202, text);
  equal(JSON.parse(text).bound, true);
}
