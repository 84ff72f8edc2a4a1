import assert from "node:assert/strict";
import { browse } from "../../shared/dead_letters/browse.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { rabbitmqctl, rabbitmqTest } from "./server.ts";

rabbitmqTest(
  "dead letters outlive a delivery limit, however often they are looked at",
  async (t) => {
    const service = t.service();
    const queue = deadLetterQueue(service);
    const broker = await t.open();
    await broker.declare({ kind: "work", name: requestQueue(service), deadLetterQueue: queue });
    // What RabbitMQ 4.0 to 4.2 have by default.
    const policy = ["set_policy", "--apply-to", "queues", queue, `^${queue}$`];
    await rabbitmqctl(...policy, '{"delivery-limit":20}');
    try {
      await broker.publish({ queue }, [
        { correlationId: "precious", headers: {}, body: new Uint8Array(1) },
      ]);
      const { signal } = new AbortController();
      for (let look = 1; look <= 60; look++) {
        const { letters } = await browse(broker, service, { filter: {}, signal });
        assert.equal(letters.length, 1, `lost by look number ${look}`);
      }
    } finally {
      await rabbitmqctl("clear_policy", queue);
    }
  },
  { needsCtl: true },
);
