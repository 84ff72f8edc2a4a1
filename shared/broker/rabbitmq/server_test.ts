import assert from "node:assert/strict";
import { shortcoming } from "./server.ts";

Deno.test("what a server cannot do is said of old RabbitMQ with quorum queues only", () => {
  for (const version of ["3.10.0", "3.13.7", "4.0.1", "4.3.0-rc.1"]) {
    assert.equal(shortcoming({ product: "RabbitMQ", version }, "quorum"), undefined);
  }
  assert.match(shortcoming({ product: "RabbitMQ", version: "3.9.29" }, "quorum") ?? "", /3\.10/);
  assert.match(shortcoming({ product: "RabbitMQ", version: "3.8.0" }, "quorum") ?? "", /classic/);
  assert.equal(shortcoming({ product: "RabbitMQ", version: "3.8.0" }, "classic"), undefined);
  assert.equal(shortcoming({ product: "LavinMQ", version: "2.1.0" }, "quorum"), undefined);
  assert.equal(shortcoming(undefined, "quorum"), undefined);
});
