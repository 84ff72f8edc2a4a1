import { AMQPView } from "@cloudamqp/amqp-client/amqp-view";
import { RecurringView } from "./view.ts";

const { buffer } = new Uint8Array(1_024);
const size = new AMQPView(buffer).setProperties(0, {
  contentType: "application/json",
  correlationId: "019aa7c2-5f00-7000-8000-000000000001",
  messageId: "019aa7c2-5f00-7000-8000-000000000001",
  replyTo: "reply_0c0ffee0-0000-4000-8000-000000000000",
  type: "request",
  deliveryMode: 2,
  timestamp: new Date(0),
  headers: {
    "proxymq-version": 1,
    method: "POST",
    path: "/v1/items",
    deadline: 1_764_000_060_000,
    headers: { "content-type": "application/json", accept: "*/*", "user-agent": "bench/1.0" },
  },
});

for (const [name, View] of [["the library's", AMQPView], ["ours", RecurringView]] as const) {
  Deno.bench(`view: a message's properties, ${name}`, { group: "view" }, () => {
    new View(buffer, 0, size).getProperties(0);
  });
}
