import assert from "node:assert/strict";
import { requestHeaders, responseHeaders, toHeaders, toRawHeaders } from "./headers.ts";

Deno.test("a caller's headers: hop-by-hop ones, the next connection's and ProxyMQ's own are left out", () => {
  const headers = [
    ["Accept", "*/*"],
    ["Connection", "close, X-Secret-Hop"],
    ["X-Secret-Hop", "1"],
    ["Keep-Alive", "timeout=5"],
    ["TE", "trailers"],
    ["Trailer", "x"],
    ["Transfer-Encoding", "chunked"],
    ["Upgrade", "websocket"],
    ["Proxy-Authorization", "Basic eA=="],
    ["Proxy-Connection", "close"],
    ["Host", "example.com"],
    ["Content-Length", "3"],
    ["Expect", "100-continue"],
    ["ProxyMQ-Request-Id", "forged"],
    ["Forwarded", "for=192.0.2.1"],
    ["Idempotency-Key", '"k"'],
    ["X-A", "1"],
    ["X-A", "2"],
  ].flat();
  assert.deepEqual(requestHeaders(headers), {
    accept: "*/*",
    forwarded: "for=192.0.2.1",
    "idempotency-key": '"k"',
    "x-a": ["1", "2"],
  });
});

Deno.test("a microservice's headers: repeated ones stay apart", () => {
  const raw = [
    ...["Set-Cookie", "a=1; Path=/"],
    ...["Set-Cookie", "b=2"],
    ...["set-cookie", "c=3"],
    ...["Content-Encoding", "gzip"],
    ...["Content-Length", "12"],
    ...["Connection", "X-Hop"],
    ...["x-hop", "1"],
    ...["Trailer", "x"],
  ];
  assert.deepEqual(responseHeaders(raw, "GET"), {
    "set-cookie": ["a=1; Path=/", "b=2", "c=3"],
    "content-encoding": "gzip",
  });
  assert.equal(responseHeaders(raw, "HEAD")["content-length"], "12");
});

Deno.test("a table becomes raw headers and web headers, a repeated one several times", () => {
  const table = { "set-cookie": ["a=1", "b=2"], etag: '"x"' };
  assert.deepEqual(toRawHeaders(table), ["set-cookie", "a=1", "set-cookie", "b=2", "etag", '"x"']);
  assert.deepEqual(toHeaders(table).getSetCookie(), ["a=1", "b=2"]);
  assert.throws(() => toHeaders({ "bad name": "x" }), TypeError);
});
