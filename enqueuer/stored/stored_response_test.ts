import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Spools } from "../../shared/spool/spools.ts";
import { serve } from "../../shared/http/server/server.ts";
import { sendRaw } from "../../tests/e2e/raw_http.ts";
import { storedResponse } from "./stored_response.ts";

Deno.test("an event's id goes over the wire in UTF-8, and is found", async () => {
  const response = {
    status: 200,
    headers: { "content-type": "text/event-stream" },
    body: new TextEncoder().encode("id: é✓\ndata: a\n\nid: 2\ndata: b\n\n"),
  };
  const server = await serve(
    (request) => storedResponse({} as Spools, response, request.headers),
    { hostname: "127.0.0.1", port: 0 },
  );
  try {
    // A header's value is a byte a character here.
    const id = Buffer.from("é✓").toString("latin1");
    const { body } = await sendRaw(`${server.url}/`, { headers: ["last-event-id", id] });
    assert.equal(new TextDecoder().decode(body), "id: 2\ndata: b\n\n");
  } finally {
    await server.close(AbortSignal.timeout(1_000));
  }
});
