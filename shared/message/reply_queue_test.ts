import assert from "node:assert/strict";
import { isLiveReplyQueue } from "./reply_queue.ts";

Deno.test("which reply queues go with their requester", () => {
  const cases: [string, boolean][] = [
    ["reply_7d9f1c7e", true],
    ["amq.rabbitmq.reply-to.g1h3AA", true],
    ["amq.gen-x", true],
    ["reply_id-1", false],
    ["results", false],
  ];
  for (const [replyTo, live] of cases) {
    assert.equal(isLiveReplyQueue(replyTo, "id-1"), live, replyTo);
  }
});
