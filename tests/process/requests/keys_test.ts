import assert from "node:assert/strict";
import { eventually } from "../../brokers.ts";
import { answeredAt, async, eachOf, standTest } from "./stand.ts";

const keys = 150;
const callersOfKey = 6;

standTest(
  "a storm of keys at two enqueuers, one of them killed, runs each key once",
  async (stand) => {
    const { a, b, service, upstream } = stand;
    const answered = Array.from({ length: keys }, () => new Set<string>());
    /** As a client does: what got no answer is asked for again, at another instance; 503 again there. */
    const ask = (key: number, first: string) => {
      let at = first;
      return eventually(async () => {
        const response = await fetch(`${at}/proxy/${service}/work`, {
          method: "POST",
          body: `key ${key}`,
          headers: { ...async, "idempotency-key": `"${service} ${key}"` },
        }).catch(() => undefined);
        if (!response) at = b.url;
        const document = await response?.json();
        assert.equal(response?.status, 202, JSON.stringify(document));
        answered[key]?.add(document.id);
        return true;
      }, { timeoutMs: 60_000 });
    };
    const callers = Array.from({ length: keys * callersOfKey }, (_, i) => i);
    const storm = eachOf(callers, async (i) => {
      await ask(Math.floor(i / callersOfKey), i % 2 ? a.url : b.url);
    });
    // They first read what the stream has of earlier tests.
    await eventually(() => upstream.runs.size > keys / 4, { timeoutMs: 60_000 });
    await a.kill();
    assert.ok(upstream.runs.size < keys, "all had run before the kill");
    await storm;
    await eachOf(answered, async (ids, key) => {
      assert.equal(ids.size, 1, `key ${key} had ${ids.size} ids`);
      for (const id of ids) await answeredAt(b, id, `key ${key}`);
    });
    await a.restart();
    await eachOf(answered, async (ids, key) => {
      await ask(key, a.url);
      assert.equal(ids.size, 1, `key ${key} had ${ids.size} ids after the restart`);
      for (const id of ids) await answeredAt(a, id, `key ${key}`);
    });
    assert.deepEqual([...upstream.runs].filter(([, count]) => count !== 1), []);
    assert.equal(upstream.runs.size, keys);
  },
  { only: /./ },
);
