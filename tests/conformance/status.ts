import assert from "node:assert/strict";
import type { BrokerStatus } from "../../shared/broker/broker.ts";
import type { Behaviour } from "./behaviour.ts";

export const behaviour: Behaviour = {
  name: "the status says where it is connected, and holds no password",
  async run(t) {
    const told: BrokerStatus[] = [];
    const broker = await t.open({
      onStatus: (status) => {
        told.push(status);
      },
    });
    await broker.declare(t.workQueue());
    assert.equal(broker.status.connected, true);
    await broker[Symbol.asyncDispose]();
    assert.equal(broker.status.connected, false);
    const password = /:[^:/@]+@/.exec(t.url)?.[0];
    for (const { detail } of [...told, broker.status]) {
      assert.ok(detail.length > 0);
      assert.ok(password === undefined || !detail.includes(password));
    }
  },
};
