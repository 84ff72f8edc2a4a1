import assert from "node:assert/strict";
import type { Message } from "../broker/broker.ts";
import { isAwaited, isSpooled, movedRequest, requestCopy } from "./moved_request.ts";

const body = new TextEncoder().encode("body");
const request: Message = {
  type: "proxymq.request",
  messageId: "id",
  correlationId: "id",
  contentType: "text/plain",
  priority: 7,
  timestamp: 500,
  durable: true,
  headers: { method: "POST", path: "/", attempt: 3, attempts: [{ at: 1, failure: "timeout" }] },
  body,
};

Deno.test("a moved request is the same, all its attempts and its priority included", () => {
  assert.deepEqual(movedRequest(request, 1_000), request);
  assert.equal(movedRequest(request, 1_000).body, body);
  assert.equal(movedRequest({ ...request, durable: false }, 1_000).durable, true);
});

Deno.test("a moved request expires when it would have", () => {
  const expires = { ...request, expiration: 30_000 };
  const until = { ...expires, headers: { ...request.headers, deadline: 31_000 } };
  assert.equal(movedRequest(until, 11_000).expiration, 20_000);
  assert.equal(movedRequest(until, 40_000).expiration, 0);
  assert.equal(movedRequest(expires, 40_000).expiration, 30_000, "nobody knows how much is over");
});

Deno.test("a moved request keeps the queue of a requester that may be there too, and no other", () => {
  const to = (replyTo: string) => movedRequest({ ...request, replyTo }, 0).replyTo;
  assert.equal(to("reply_enqueuer-1"), undefined);
  assert.equal(to("amq.rabbitmq.reply-to.abc"), undefined);
  assert.equal(to("reply_id"), "reply_id");
  assert.equal(to("answers"), "answers");
  assert.equal(
    requestCopy({ ...request, replyTo: "reply_enqueuer-1" }, 0).replyTo,
    "reply_enqueuer-1",
  );
});

Deno.test("awaited is who has a reply queue and is not kept otherwise", () => {
  assert.equal(isAwaited(request), false);
  assert.equal(isAwaited({ ...request, replyTo: "reply_enqueuer-1" }), true);
  assert.equal(isAwaited({ ...request, replyTo: "reply_id" }), true);
  const headers = { tracked: true };
  assert.equal(isAwaited({ ...request, replyTo: "reply_enqueuer-1", headers }), false);
});

Deno.test("spooled is what says which spool", () => {
  assert.equal(isSpooled(request), false);
  assert.equal(isSpooled({ ...request, headers: { spool: "s", size: 5_000_000 } }), true);
});
