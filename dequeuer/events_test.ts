import assert from "node:assert/strict";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import { addressed, bindingsOf } from "./events.ts";

const request: QueuedRequest = {
  id: "id-1",
  method: "POST",
  path: "/events",
  headers: {},
  body: new Uint8Array(0),
};

Deno.test("an event goes where the service takes events, and another request where it says", () => {
  const event = { ...request, topic: "order.paid" };
  assert.equal(addressed(event, "/hooks").path, "/hooks");
  assert.equal(addressed(event, "/on/{topic}?t={topic}").path, "/on/order.paid?t=order.paid");
  assert.equal(addressed({ ...event, topic: "a/b c" }, "/{topic}").path, "/a%2Fb%20c");
  assert.equal(addressed(request, "/hooks"), request);
});

Deno.test("bindings are declared as wanted, and as not wanted any more", () => {
  assert.deepEqual(bindingsOf(), {});
  const bindings = [{ pattern: "a.*", bound: true }, { pattern: "b", bound: false }];
  assert.deepEqual(bindingsOf(bindings), { topics: ["a.*"], unbind: ["b"] });
});
