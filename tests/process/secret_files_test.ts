import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEnqueuer } from "./service_process.ts";

Deno.test("an enqueuer reads its broker and its keys from files, with the permissions of its task", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "secrets-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const enqueuer = stack.use(startEnqueuer({
    BROKER_URL_FILE: await file("broker_url", "memory:\n"),
    ENQUEUER_API_KEYS_FILE: await file("api_keys", "one-key,another\n"),
  }));
  const url = await enqueuer.ready();
  const ask = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`${url}/queues`, { headers });
    await response.body?.cancel();
    return response.status;
  };
  assert.deepEqual(await Promise.all([ask("another"), ask("none")]), [200, 401]);
});
