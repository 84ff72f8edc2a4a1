import assert from "node:assert/strict";
import { serveAlone } from "./alone.ts";

Deno.test("a port that is taken is named", async () => {
  const app = { fetch: () => new Response() };
  await using first = serveAlone(app, { host: "127.0.0.1", port: 0 });
  const port = Number(new URL(first.url).port);
  assert.throws(() => serveAlone(app, { host: "127.0.0.1", port }), {
    message: new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}: .*in use`),
  });
});
