import assert from "node:assert/strict";
import { createServer } from "node:net";
import { join } from "node:path";
import { reservePorts } from "./ports.ts";

Deno.test("checkouts get ports of their own, and keep them until their folder is gone", async () => {
  const root = await Deno.makeTempDir({ prefix: "proxymq_ports_" });
  const [one, two, registry] = [join(root, "one"), join(root, "two"), join(root, "registry")];
  try {
    await Deno.mkdir(one);
    await Deno.mkdir(two);
    const near = [6_300, 26_300];
    const first = await reservePorts(one, near, registry);
    const second = await reservePorts(two, near, registry);
    assert.deepEqual(await reservePorts(one, near, registry), first);
    assert.ok((second[0] ?? 0) > (first[0] ?? 0));
    assert.equal((second[1] ?? 0) - (second[0] ?? 0), 20_000);
    await Deno.remove(one);
    assert.deepEqual(await reservePorts(two, near, registry), first);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("ports that somebody listens on are passed over", async () => {
  const root = await Deno.makeTempDir({ prefix: "proxymq_ports_" });
  const server = createServer();
  try {
    const [port = 0] = await reservePorts(root, [6_600], root);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const [other = 0] = await reservePorts(root, [6_600], root);
    assert.ok(other > port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
    await Deno.remove(root, { recursive: true });
  }
});
