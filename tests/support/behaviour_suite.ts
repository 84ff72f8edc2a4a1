import assert from "node:assert/strict";
import { join } from "node:path";
import { type BrokerUnderTest, within } from "../brokers.ts";
import type { Behaviour, Declared } from "../conformance/behaviour.ts";

/** One test for each behaviour on each broker. Where one does not apply, its name says why. */
export async function testBehaviours(
  brokers: readonly BrokerUnderTest[],
  behaviours: readonly Behaviour[],
): Promise<void> {
  for (const broker of brokers) {
    const declared = broker.missing === undefined ? await declaredBy(broker) : undefined;
    for (const behaviour of behaviours) {
      const exempt = declared ? behaviour.exempt?.(declared) : broker.missing;
      Deno.test({
        name: `${broker.name}: ${behaviour.name}${exempt ? ` [${exempt}]` : ""}`,
        ignore: exempt !== undefined,
        async fn() {
          await using t = await broker.setUp();
          await within(behaviour.run(t), behaviour.name, { timeoutMs: 90_000 });
        },
      });
    }
  }
}

/** A test that the list of a contract's behaviours has all that are in its folder. */
export function testList(contract: string, behaviours: readonly Behaviour[]): void {
  Deno.test(`${contract}: every behaviour's file is in the list`, async () => {
    const folder = join(import.meta.dirname ?? ".", "..", contract);
    let files = 0;
    for await (const { name } of Deno.readDir(folder)) {
      const text = await Deno.readTextFile(join(folder, name));
      if (/^export const behaviour\b/m.test(text)) files++;
    }
    assert.equal(behaviours.length, files);
  });
}

async function declaredBy(broker: BrokerUnderTest): Promise<Declared> {
  await using t = await broker.setUp();
  const { capabilities } = await t.open();
  return { capabilities, ...(t.faults ? { faults: t.faults } : {}) };
}
