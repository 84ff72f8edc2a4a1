import assert from "node:assert/strict";
import type { QueuedResponse } from "../../shared/message/envelope.ts";
import type { ResultStore } from "../../shared/results/result_store.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { answer, enterNew, known, openStore, service, textOf } from "./stores.ts";

const head: QueuedResponse = {
  status: 201,
  headers: { "content-type": "text/event-stream", "x-tags": ["a", "b"] },
  body: new Uint8Array(0),
  spooled: { spool: "one" },
};

/** The response, its body in an array of no particular kind. */
async function responseTo(store: ResultStore, id: string): Promise<QueuedResponse | undefined> {
  const response = await store.response(id);
  return response && { ...response, body: new Uint8Array(response.body) };
}

export const behaviour: Behaviour = {
  name: "a response in a spool is given from its head on, until another attempt begins",
  async run(t) {
    await using enqueuer = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    const id = await enterNew(enqueuer);
    const change = { id, service, attempt: 1 } as const;
    await dequeuer.record({ ...change, state: "processing", response: head });
    await known(enqueuer, id, { state: "processing", status: 201 });
    assert.deepEqual(await responseTo(enqueuer, id), head);

    // That may have been told before, and come later.
    await dequeuer.record({ ...change, state: "processing" });
    await dequeuer.record({ ...change, state: "queued", reason: "broken-off" });
    const queued = await known(enqueuer, id, { state: "queued" });
    assert.equal(queued.status, undefined);
    assert.equal(await enqueuer.response(id), undefined);

    // What is not in a spool has to be whole.
    const again = { ...change, attempt: 2 };
    await dequeuer.record({ ...again, state: "processing", response: answer("a part") });
    await known(enqueuer, id, { state: "processing", attempt: 2 });
    assert.equal(await enqueuer.response(id), undefined);

    const second = { ...head, spooled: { spool: "two" } };
    await dequeuer.record({ ...again, state: "processing", response: second });
    await known(enqueuer, id, { state: "processing", status: 201 });
    await dequeuer.record({ ...again, state: "processing" });
    const whole = { ...head, spooled: { spool: "two", size: 2 ** 33 } };
    await dequeuer.record({ ...again, state: "succeeded", response: whole });
    await known(enqueuer, id, { state: "succeeded", status: 201 });
    assert.deepEqual(await responseTo(enqueuer, id), whole);

    const failed = await enterNew(enqueuer);
    await dequeuer.record({ id: failed, service, state: "processing", attempt: 1, response: head });
    await known(enqueuer, failed, { status: 201 });
    const end = { state: "dead", reason: "broken-off", response: answer("gone", 502) } as const;
    await dequeuer.record({ id: failed, service, attempt: 1, ...end });
    await known(enqueuer, failed, { state: "dead", status: 502 });
    assert.equal(textOf(await enqueuer.response(failed)), "gone");
  },
};
