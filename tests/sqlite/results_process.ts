/**
 * A second process at a result store, for the tests: `results_process.ts ROLE URL ID`. It writes a
 * line to stdout for each thing that it has done, the first of them `ready`, and ends when its
 * stdin does.
 *
 * - `claim`: enters requests with the keys 0 to 199, and writes each key and what became of it.
 * - `watch`: watches the request ID, and writes each state and when it saw it.
 * - `finish`: records a response to one request after the other, and writes the id of each.
 * - `cancelled`: writes the ids of what is cancelled.
 */
import { openBroker } from "../../shared/broker/open.ts";
import { newRequestId } from "../../shared/message/request_id.ts";
import type { ResultStore } from "../../shared/results/result_store.ts";
import { clock } from "./place.ts";

const [role = "", url = "", id = ""] = Deno.args;
const service = "test";
const ended = new AbortController();
const encoder = new TextEncoder();

function say(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}

const roles: Record<string, (store: ResultStore) => Promise<void>> = {
  async claim(store) {
    for (let key = 0; key < 200; key++) {
      const claim = { key: String(key), fingerprint: "print" };
      const { kind } = await store.enter({ id: newRequestId(), service, claim });
      say(`${key} ${kind}`);
    }
  },
  async watch(store) {
    for await (const { state } of store.watch(id, ended.signal)) say(`${state} ${clock()}`);
  },
  async finish(store) {
    while (!ended.signal.aborted) {
      const id = newRequestId();
      const response = { status: 200, headers: {}, body: encoder.encode(id) };
      await store.record({ id, service, state: "succeeded", response });
      say(id);
    }
  },
  async cancelled(store) {
    for await (const group of store.cancelled(ended.signal)) for (const { id } of group) say(id);
  },
};

async function untilStdinEnds(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
  ended.abort();
}

await using broker = await openBroker(url, { name: `test-${role}` });
await using store = broker.results({ ttlMs: 60_000, lookUps: true });
say("ready");
const work = roles[role]?.(store);
await untilStdinEnds();
await work;
