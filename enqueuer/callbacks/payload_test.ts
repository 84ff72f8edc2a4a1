import assert from "node:assert/strict";
import { documentedBlock } from "../../tests/support/documented.ts";
import type { Callback } from "../../shared/message/callback.ts";
import { callbackPayload } from "./openapi.ts";
import { payloadOf, webhookId } from "./payload.ts";

const callback: Callback = {
  id: "0193-id",
  url: "https://example.com/",
  service: "orders",
  state: "succeeded",
  at: Date.UTC(2026, 10, 24, 6, 0, 0, 5),
  run: 0,
};

const text = (given: Callback) => new TextDecoder().decode(payloadOf(given));
const bytes = (body: string) => new TextEncoder().encode(body);

Deno.test("a payload has the response, its body as JSON, as text or in base64", () => {
  const cases: [Record<string, string | string[]>, Uint8Array, Record<string, unknown>][] = [
    [{ "content-type": "application/json" }, bytes('{"a":[1]}'), { body: { a: [1] } }],
    [{ "content-type": "text/plain", "set-cookie": ["a", "b"] }, bytes("ä\n"), { body: "ä\n" }],
    [{}, Uint8Array.of(255), { body: "/w==", encoding: "base64" }],
    [{ "content-type": "text/plain" }, bytes(""), {}],
  ];
  for (const [headers, body, expected] of cases) {
    const payload = text({ ...callback, response: { status: 201, headers, body } });
    callbackPayload.parse(JSON.parse(payload));
    assert.deepEqual(JSON.parse(payload), {
      type: "request.succeeded",
      timestamp: "2026-11-24T06:00:00.005Z",
      data: {
        id: "0193-id",
        service: "orders",
        state: "succeeded",
        status: 201,
        headers,
        ...expected,
      },
    });
  }
});

Deno.test("of a body that is too large it has the size, and where it is", () => {
  const spooled = { spool: "a", size: 2 ** 33 };
  const response = { status: 200, headers: { etag: "1" }, body: bytes(""), spooled };
  const payload = JSON.parse(text({ ...callback, response }));
  callbackPayload.parse(payload);
  assert.deepEqual(payload.data, {
    id: "0193-id",
    service: "orders",
    state: "succeeded",
    status: 200,
    headers: { etag: "1" },
    size: 8589934592,
    links: { response: "/requests/0193-id/response" },
  });
});

Deno.test("a number keeps its digits", () => {
  const headers = { "content-type": "application/json" };
  const response = { status: 200, headers, body: bytes("12345678901234567890") };
  assert.match(text({ ...callback, response }), /"body":12345678901234567890\}\}$/);
});

Deno.test("without a response there is none", () => {
  assert.deepEqual(JSON.parse(text({ ...callback, state: "cancelled" })), {
    type: "request.cancelled",
    timestamp: "2026-11-24T06:00:00.005Z",
    data: { id: "0193-id", service: "orders", state: "cancelled" },
  });
});

Deno.test("the documented payload is one", async () => {
  const shown = JSON.parse(await documentedBlock("callbacks.md", "json callback payload"));
  callbackPayload.parse(shown);
  const { id, service, state, status, headers, body } = shown.data;
  const response = { status, headers, body: bytes(JSON.stringify(body)) };
  const at = Date.parse(shown.timestamp);
  assert.deepEqual(
    JSON.parse(text({ id, url: callback.url, service, state, at, run: 0, response })),
    shown,
  );
});

Deno.test("a replayed request's callback is another one", () => {
  assert.equal(webhookId(callback), "0193-id");
  assert.equal(webhookId({ ...callback, run: 2 }), "0193-id_2");
});
