import assert from "node:assert/strict";
import fc from "fast-check";
import { type Ack, batchAcks } from "./acks.ts";

const acks = fc.uniqueArray(
  fc.record({
    partition: fc.nat(2),
    offset: fc.nat(30).map(BigInt),
    type: fc.constantFrom(1, 2, 4),
  }, { noNullPrototype: true }),
  { selector: ({ partition, offset }) => `${partition} ${offset}`, maxLength: 60 },
);

/** What a batch stands for. */
function unpacked(batches: ReturnType<typeof batchAcks>): Ack[] {
  return [...batches].flatMap(([partition, some]) =>
    some.flatMap(({ first, last, type }) =>
      Array.from({ length: Number(last - first) + 1 }, (_, at) => ({
        partition,
        offset: first + BigInt(at),
        type,
      }))
    )
  );
}

function sorted(acks: readonly Ack[]): Ack[] {
  return acks.toSorted((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
}

Deno.test("acks: batches say of each record what was asked, and of no other", () => {
  fc.assert(fc.property(acks, (acks) => {
    assert.deepEqual(sorted(unpacked(batchAcks(acks))), sorted(acks));
  }));
});

Deno.test("acks: the batches of a partition go up, and neighbours of one kind are one", () => {
  fc.assert(fc.property(acks, (acks) => {
    for (const batches of batchAcks(acks).values()) {
      for (const [at, batch] of batches.entries()) {
        const before = batches[at - 1];
        if (!before) continue;
        assert.ok(before.last < batch.first);
        assert.ok(before.type !== batch.type || before.last + 1n < batch.first);
      }
    }
  }));
});
