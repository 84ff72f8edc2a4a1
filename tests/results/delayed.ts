import assert from "node:assert/strict";
import type { Behaviour } from "../conformance/behaviour.ts";
import { eventually, uniqueName } from "../brokers.ts";
import { newRequest, openStore } from "./stores.ts";

const hour = 3_600_000;

export const behaviour: Behaviour = {
  name: "what waits for its time is counted for each service: delays and next attempts",
  async run(t) {
    await using one = await openStore(t);
    await using two = await openStore(t);
    const [service, other] = [uniqueName("delayed"), uniqueName("delayed")];
    const expect = (count: number | undefined) =>
      eventually(async () => {
        for (const store of [one, two]) {
          assert.equal((await store.delayed()).get(service), count);
        }
        return true;
      });
    await expect(undefined);

    const now = Date.now();
    const later = newRequest({ service, dueAt: now + hour });
    await one.enter(later);
    await one.enter(newRequest({ service, dueAt: now + hour, deadline: now + 2 * hour }));
    await one.enter(newRequest({ service }));
    await one.enter(newRequest({ service, dueAt: now - 1 }));
    await one.enter(newRequest({ service: other, dueAt: now + hour }));
    await expect(2);

    const { id } = newRequest();
    await two.record({ id, service, state: "processing", attempt: 1 });
    const failed = { id, service, state: "queued", attempt: 1 } as const;
    await two.record({ ...failed, nextAttemptAt: Date.now() + hour });
    await expect(3);
    await two.record({ ...failed, nextAttemptAt: Date.now() - 1 });
    await expect(2);
    await two.cancel(later.id, now + hour);
    await expect(1);
    assert.equal((await one.delayed()).get(other), 1);
  },
};
