import assert from "node:assert/strict";
import type { Cluster } from "./cluster.ts";
import { Sequences } from "./sequences.ts";

async function prepared(): Promise<Sequences> {
  let producerId = 6n;
  const ask = () => Promise.resolve({ producerId: ++producerId, producerEpoch: 0 });
  const sequences = new Sequences({ ask } as unknown as Cluster);
  assert.equal(sequences.ready, false);
  await sequences.prepare();
  return sequences;
}

Deno.test("sequences: the records of each partition are numbered on", async () => {
  const sequences = await prepared();
  const firsts = [[0, 3], [1, 1], [0, 2], [0, 1]].map(([partition = 0, count = 0]) =>
    sequences.stamp("a", partition, count)?.first
  );
  assert.deepEqual(firsts, [0, 0, 3, 5]);
  assert.deepEqual(sequences.stamp("b", 0, 1), { producerId: 7n, producerEpoch: 0, first: 0 });
});

Deno.test("sequences: after a gap all begin anew, in an epoch of their own", async () => {
  const sequences = await prepared();
  sequences.stamp("a", 0, 3);
  sequences.startAnew();
  assert.deepEqual(sequences.stamp("a", 0, 3), { producerId: 7n, producerEpoch: 1, first: 0 });
});

Deno.test("sequences: numbers and epochs end before Kafka's do", async () => {
  const sequences = await prepared();
  sequences.stamp("a", 0, 2 ** 31 - 2);
  assert.equal(sequences.stamp("a", 0, 2)?.producerEpoch, 1);
  while (sequences.ready) sequences.startAnew();
  assert.equal(sequences.stamp("a", 0, 1), undefined);
  await sequences.prepare();
  assert.deepEqual(sequences.stamp("a", 0, 1), { producerId: 8n, producerEpoch: 0, first: 0 });
});

Deno.test("sequences: partitions that come and go leave nothing", async () => {
  const sequences = await prepared();
  const epochs = Array.from({ length: 2_500 }, (_, i) => sequences.stamp(`${i}`, 0, 1));
  assert.equal(epochs.at(-1)?.producerEpoch, 2);
});

Deno.test("sequences: without the permission nothing has a number", async () => {
  const refused = Object.assign(new Error("forbidden"), { apiCode: 31 });
  const ask = () => Promise.reject(new Error("refused", { cause: refused }));
  const sequences = new Sequences({ ask } as unknown as Cluster);
  await sequences.prepare();
  assert.equal(sequences.ready, true);
  assert.equal(sequences.stamp("a", 0, 1), undefined);
});
