import { deepEqual, equal, ok } from "node:assert/strict";
import { dimensions, embed, hashedNgrams } from "./embed.ts";

const one = (text: string) => embed([text])[0] ?? new Float32Array(0);
const similarity = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

Deno.test("an embedding has length 1, and is the same each time", () => {
  const embedding = one("The quick brown fox");
  equal(embedding.length, dimensions);
  ok(Math.abs(similarity(embedding, embedding) - 1) < 1e-5);
  deepEqual(one("The quick brown fox"), embedding);
});

Deno.test("texts that have words in common are closer than others", () => {
  const near = similarity(one("a cat sat on the mat"), one("The cat sits on a mat!"));
  const far = similarity(one("a cat sat on the mat"), one("quarterly revenue forecast"));
  ok(near > 0.5 && far < near - 0.3, `${near} and ${far}`);
});

Deno.test("in a batch of any size each text has the embedding that it has alone", () => {
  const texts = Array.from({ length: 17 }, (_, n) => `text number ${n} of seventeen`);
  for (const size of [2, 7, 8, 9, 17]) {
    const batch = embed(texts.slice(0, size));
    equal(batch.length, size);
    for (const [i, embedding] of batch.entries()) {
      ok(similarity(embedding, one(texts[i] ?? "")) > 0.99999, `${i} of ${size}`);
    }
  }
});

Deno.test("a text without a word is all zeros", () => {
  deepEqual([...new Set(one("?!"))], [0]);
  equal(hashedNgrams("").reduce((sum, count) => sum + count, 0), 0);
});

Deno.test("a batch takes less time a text than one alone", () => {
  const texts = Array.from({ length: 32 }, (_, n) => `text number ${n}`);
  const ms = (run: () => void) => {
    const times = [1, 2, 3, 4, 5].map(() => {
      const start = performance.now();
      run();
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  const alone = ms(() => texts.forEach((text) => embed([text])));
  const batched = ms(() => embed(texts));
  ok(batched < alone / 1.5, `${batched} ms in batches, ${alone} ms alone`);
});
