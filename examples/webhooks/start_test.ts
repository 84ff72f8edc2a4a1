import { deepEqual, equal } from "node:assert/strict";
import { Webhook as Signer } from "standardwebhooks";
import { loadConfig } from "../../shared/config/config.ts";
import { brokersUnderTest, eventually, uniqueName } from "../../tests/brokers.ts";
import { manual } from "./config.ts";
import type { Processed } from "./processor.ts";
import { startWebhooks } from "./start.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

for (const broker of brokersUnderTest) {
  Deno.test({
    name: `the webhooks example, whole, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      place.own("webhooks");
      const data = await Deno.makeTempDir({ prefix: "proxymq_webhooks_" });
      await using stack = new AsyncDisposableStack();
      stack.defer(() => Deno.remove(data, { recursive: true }));
      const env: Readonly<Record<string, string>> = {
        BROKER_URL: place.url,
        ENQUEUER_PORT: "0",
        DEQUEUER_RETRY_BASE: "20ms",
        WEBHOOKS_SECRET: secret,
        WEBHOOKS_PORT: "0",
        WEBHOOKS_PROCESSOR_PORT: "0",
        WEBHOOKS_DATA: data,
      };
      const read = (name: string) => env[name];
      const done = Promise.withResolvers<void>();
      let begun = 0;
      const example = stack.use(
        await startWebhooks(loadConfig(manual.variables, read), {
          env: read,
          work: () => (begun++, done.promise),
        }),
      );
      const send = async (id: string, body: string, signed = body) => {
        const now = new Date();
        const { status } = await fetch(`${example.receiverUrl}/webhooks/standard`, {
          method: "POST",
          headers: {
            "webhook-id": id,
            "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
            "webhook-signature": new Signer(secret).sign(id, now, signed),
            "content-type": "application/json",
          },
          body,
        });
        return status;
      };
      const processed = async (): Promise<Processed[]> =>
        await (await fetch(`${example.processorUrl}/processed`)).json();

      // What has an id the broker remembers longer than this test.
      const [first, second, third] = [uniqueName("msg"), uniqueName("msg"), uniqueName("msg")];
      const body = '{ "type":"order.paid",\n  "amount": 12.50, "name": "Grüße" }';
      equal(await send(first, body), 202);
      equal(await send(first, body), 202, "its sender sends it again");
      equal(await send(second, "{}", "{ }"), 401);
      await eventually(() => begun === 1);
      deepEqual(await processed(), [], "all were answered before one is processed");

      done.resolve();
      equal(await send(third, "{}"), 202);
      await eventually(async () => (await processed()).length === 2);
      const byId = Object.fromEntries((await processed()).map(({ id, ...rest }) => [id, rest]));
      deepEqual(byId, {
        [first]: { sender: "standard", type: "order.paid", body },
        [third]: { sender: "standard", type: null, body: "{}" },
      });
      equal(begun, 2);
    },
  });
}
