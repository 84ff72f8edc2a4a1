import { batch, type BatchOptions } from "./batcher.ts";

const count = 10_000;

async function* numbers() {
  for (let i = 0; i < count; i++) yield i;
}

async function through(options: BatchOptions<number>): Promise<void> {
  let seen = 0;
  for await (const { items } of batch(numbers(), options)) seen += items.length;
  if (seen !== count) throw new Error(`${seen} of ${count} came`);
}

Deno.bench(
  `batcher: ${count} items in batches of 64`,
  async () => await through({ maxItems: 64, lingerMs: 5 }),
);

Deno.bench(
  `batcher: ${count} items of four keys in batches of 64`,
  async () =>
    await through({ maxItems: 64, lingerMs: 5, key: (item) => String(item % 4), size: () => 100 }),
);
