import assert from "node:assert/strict";
import type { CancelledRequest, ResultStore } from "../../shared/results/result_store.ts";
import { eventually, type TestBroker, uniqueName, within } from "../brokers.ts";
import { answer, enterNew, known, openStore, service, textOf } from "./stores.ts";

/** What has to go on by itself through an outage of the broker. */
export async function goesOn(t: TestBroker, outage: (name: string) => Promise<void>) {
  const name = uniqueName("proxymq-results");
  await using one = await openStore(t, { name });
  await using two = await openStore(t, { name });
  await using dequeuer = await openStore(t, { name, lookUps: false });
  const until = Date.now() + 120_000;
  const [kept, answered, cancelled] = [
    await enterNew(one),
    await enterNew(one),
    await enterNew(one),
  ];
  const end = new AbortController();
  const heard: CancelledRequest[] = [];
  const listening = (async () => {
    for await (const group of dequeuer.cancelled(end.signal)) heard.push(...group);
  })();
  await dequeuer.record({ id: answered, service, state: "succeeded", response: answer("kept") });

  await outage(name);

  const patiently = <T>(act: () => Promise<T>) => eventually(act, { timeoutMs: 40_000 });
  const later = await patiently(() => enterNew(two));
  await patiently(async () => {
    await dequeuer.record({ id: later, service, state: "succeeded", response: answer("later") });
    return true;
  });
  for (const store of [one, two]) {
    await patiently(() => known(store, kept, { state: "queued" }));
    for (const [id, text] of [[answered, "kept"], [later, "later"]] as const) {
      await patiently(() => known(store, id, { state: "succeeded" }));
      assert.equal(await responseText(store, id), text);
    }
  }
  await patiently(async () => (await two.cancel(cancelled, until))?.state === "cancelled");
  await eventually(() => heard.some(({ id }) => id === cancelled));
  end.abort();
  await within(listening, "the end of the iteration");
}

async function responseText(store: ResultStore, id: string): Promise<string | undefined> {
  return textOf(await store.response(id));
}
