import assert from "node:assert/strict";
import { join } from "node:path";
import { readState, stateFile, takeLock, writeState } from "./state.ts";

async function withFolder(test: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "proxymq_services_" });
  try {
    await test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("what is written is read", () =>
  withFolder(async (root) => {
    assert.deepEqual(await readState(root), {});
    const state = { rabbitmq: { how: "installed", url: "amqp://127.0.0.1:5679/", ctl: "ctl" } };
    await writeState(root, state);
    assert.deepEqual(await readState(root), state);
  }));

for (const text of ["", "{", "null", "[]", '{"rabbitmq":{"how":1}}', '{"rabbitmq":null}']) {
  Deno.test(`a state file with ${JSON.stringify(text)} is an empty one`, () =>
    withFolder(async (root) => {
      await Deno.writeTextFile(stateFile(root), text);
      assert.deepEqual(await readState(root), {});
    }));
}

Deno.test("a second command waits for the first", () =>
  withFolder(async (root) => {
    const folder = join(root, "not", "there", "yet");
    const order: string[] = [];
    const first = await takeLock(folder, "lock", { onWait: () => order.push("never") });
    const waits = Promise.withResolvers<void>();
    const onWait = () => {
      order.push("waits");
      waits.resolve();
    };
    const second = takeLock(folder, "lock", { onWait });
    await waits.promise;
    order.push("released");
    first[Symbol.dispose]();
    using _lock = await second;
    assert.deepEqual(order, ["waits", "released"]);
  }));

Deno.test("who waits for a lock can be told to give up", () =>
  withFolder(async (root) => {
    using _first = await takeLock(root, "lock", { onWait: () => {} });
    const signal = AbortSignal.abort(new Error("told to"));
    await assert.rejects(takeLock(root, "lock", { onWait: () => {}, signal }), /told to/);
    using _other = await takeLock(root, "another", { onWait: () => {} });
  }));
