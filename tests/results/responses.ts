import assert from "node:assert/strict";
import type { QueuedResponse } from "../../shared/message/envelope.ts";
import type { Behaviour } from "../conformance/behaviour.ts";
import { assertSameBytes } from "../conformance/messages.ts";
import { enterNew, known, openStore, service } from "./stores.ts";

const everyByte = Uint8Array.from({ length: 256 }, (_, at) => at);
const large = new Uint8Array(10 * 1024 * 1024).map((_, at) => at * 7);

const responses: readonly QueuedResponse[] = [
  { status: 200, headers: { "content-type": "application/octet-stream" }, body: everyByte },
  { status: 204, headers: {}, body: new Uint8Array(0) },
  {
    status: 302,
    headers: {
      "set-cookie": ["a=1; Path=/", "b=2"],
      "location": "/é?q=%20 x",
      "x-latin": "\xff\xe9",
      "x-empty": "",
      "x-number": "0042",
      "__proto__": "a name as any other",
      "x-long": "x".repeat(8_000),
    },
    body: new TextEncoder().encode("moved"),
  },
  { status: 599, headers: { "x-a": "b" }, body: everyByte.subarray(10, 20) },
  { status: 200, headers: { "content-type": "video/mp4" }, body: large },
];

export const behaviour: Behaviour = {
  name: "a response comes back with its exact status, headers and bytes",
  async run(t) {
    await using enqueuer = await openStore(t);
    await using dequeuer = await openStore(t, { lookUps: false });
    for (const response of responses) {
      const { status, headers, body } = response;
      const id = await enterNew(enqueuer);
      const state = status < 400 ? "succeeded" : "failed";
      await dequeuer.record({ id, service, state, attempt: 1, response });
      await known(enqueuer, id, { state, status });
      const actual = await enqueuer.response(id);
      assert.ok(actual);
      assert.equal(actual.status, status);
      assert.deepEqual(Object.entries(actual.headers).sort(), Object.entries(headers).sort());
      assertSameBytes(actual.body, body);
    }
  },
};
