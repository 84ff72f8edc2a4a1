import assert from "node:assert/strict";
import { prioritiesOf, priorityRemark, shortcoming } from "./server.ts";

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

Deno.test("what priorities do, by the server's version and the type of its queues", () => {
  const cases = [
    ["RabbitMQ", "3.10.8", "none", /since RabbitMQ 4\.0.*classic-priority/],
    ["RabbitMQ", "3.13.7", "none", /since RabbitMQ 4\.0/],
    ["RabbitMQ", "4.0.5", "shares", /two priorities.*4\.3/],
    ["RabbitMQ", "4.2.0", "shares", /two priorities/],
    ["RabbitMQ", "4.3.0-rc.1", "strict", undefined],
    ["RabbitMQ", "5.0.0", "strict", undefined],
    ["LavinMQ", "4.3.0", "none", /classic-priority/],
  ] as const;
  for (const [product, version, priorities, remark] of cases) {
    const server = { product, version };
    const quorum = { queueType: "quorum" } as const;
    assert.equal(prioritiesOf(server, quorum), priorities, version);
    if (remark) assert.match(priorityRemark(server, quorum) ?? "", remark);
    else assert.equal(priorityRemark(server, quorum), undefined);

    const classic = { queueType: "classic" } as const;
    assert.equal(prioritiesOf(server, classic), "none");
    assert.match(priorityRemark(server, classic) ?? "", /classic-priority/);
    assert.equal(prioritiesOf(server, { ...classic, maxPriority: 9 }), "strict");
    assert.equal(priorityRemark(server, { ...classic, maxPriority: 9 }), undefined);
  }
});
