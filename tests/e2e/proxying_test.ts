import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { brokersUnderTest } from "../brokers.ts";
import {
  rawMicroservice,
  type RawRequest,
  type RawResponse,
  sendRaw,
  valuesOf,
} from "./raw_http.ts";
import { startStack } from "./stack.ts";

const nothing = new Uint8Array(0);
const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE", "M-SEARCH"];

for (const broker of brokersUnderTest) {
  Deno.test({
    name: `proxying over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn(t) {
      await using place = await broker.setUp();
      let seen: RawRequest | undefined;
      let answer: RawResponse = { status: 200, headers: [], body: nothing };
      await using upstream = await rawMicroservice((request) => {
        seen = request;
        return answer;
      });
      await using stack = await startStack({
        brokerUrl: place.url,
        service: place.service(),
        target: upstream.url,
        env: { ENQUEUER_MAX_BODY_BYTES: "1MiB" },
      });
      const answering = (response: Partial<RawResponse>) => {
        answer = { status: 200, headers: [], body: nothing, ...response };
      };
      const lastSeen = () => {
        assert.ok(seen, "the microservice got no request");
        return seen;
      };

      for (const method of methods) {
        await t.step(`${method} keeps method, path, query and body`, async () => {
          answering({ status: 200, body: everyByte });
          const path = "/a//b/../%2F%41/c;d=1?q=a%20b&q=2&empty=&[x]='y'";
          const response = await sendRaw(stack.url + path, { method, body: everyByte });
          assert.equal(response.status, 200);
          assert.deepEqual(new Uint8Array(response.body), everyByte);
          const { method: seenMethod, path: seenPath, body } = lastSeen();
          assert.equal(seenMethod, method);
          assert.equal(seenPath, path);
          assert.deepEqual(new Uint8Array(body), everyByte);
        });
      }

      await t.step("the service alone is its root path", async () => {
        answering({});
        await sendRaw(`${stack.url}?x=1`);
        assert.equal(lastSeen().path, "/?x=1");
      });

      await t.step("empty bodies stay empty in both directions", async () => {
        answering({});
        const response = await sendRaw(`${stack.url}/`, { method: "POST", body: nothing });
        assert.equal(lastSeen().body.byteLength, 0);
        assert.equal(response.body.byteLength, 0);
      });

      await t.step("the caller's headers pass, hop-by-hop ones do not", async () => {
        answering({});
        await sendRaw(`${stack.url}/`, {
          headers: [
            ...["X-Multi", "1", "X-Multi", "2", "X-Latin", "caf\xe9", "X-Empty", ""],
            ...["Forwarded", "for=192.0.2.1", "Idempotency-Key", '"k"', "Cookie", "a=1; b=2"],
            ...["Accept-Encoding", "br", "User-Agent", "test/1", "Authorization", "Basic eDp5"],
            ...[
              "Connection",
              "close, X-Hop",
              "X-Hop",
              "1",
              "TE",
              "trailers",
              "Proxy-Connection",
              "x",
            ],
            ...["ProxyMQ-Attempt", "77", "ProxyMQ-Request-Id", "forged"],
          ],
        });
        const { headers } = lastSeen();
        const value = (name: string) => valuesOf(headers, name).join(", ");
        assert.deepEqual(valuesOf(headers, "x-multi"), ["1", "2"]);
        assert.equal(value("x-latin"), "caf\xe9");
        assert.equal(valuesOf(headers, "x-empty").length, 1);
        assert.equal(value("forwarded"), "for=192.0.2.1");
        assert.equal(value("idempotency-key"), '"k"');
        assert.equal(value("cookie"), "a=1; b=2");
        assert.equal(value("accept-encoding"), "br");
        assert.equal(value("user-agent"), "test/1");
        assert.equal(value("authorization"), "Basic eDp5");
        for (const name of ["x-hop", "te", "proxy-connection"]) {
          assert.equal(valuesOf(headers, name).length, 0, name);
        }
        assert.equal(value("proxymq-attempt"), "1");
        assert.match(value("proxymq-request-id"), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
        // With a key it goes on without its caller: the dequeuer's own limit is left.
        const remaining = Number(value("proxymq-deadline"));
        assert.ok(remaining > 200_000 && remaining <= 300_000, `deadline ${remaining}`);
        assert.match(value("traceparent"), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      });

      await t.step("the microservice is told how long its caller waits", async () => {
        answering({});
        await sendRaw(`${stack.url}/`, { headers: ["Connection", "close"] });
        const [remaining] = valuesOf(lastSeen().headers, "proxymq-deadline").map(Number);
        assert.ok(remaining && remaining > 20_000 && remaining <= 30_000, `deadline ${remaining}`);
      });

      await t.step("the caller's trace goes on", async () => {
        answering({});
        const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await sendRaw(`${stack.url}/`, {
          headers: ["traceparent", traceparent, "tracestate", "a=b"],
        });
        assert.deepEqual(valuesOf(lastSeen().headers, "traceparent"), [traceparent]);
        assert.deepEqual(valuesOf(lastSeen().headers, "tracestate"), ["a=b"]);
      });

      await t.step(
        "the response's status and headers pass, Set-Cookie as often as it stands",
        async () => {
          answering({
            status: 418,
            headers: [
              ...["Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "Set-Cookie", "b=2"],
              ...["X-Latin", "caf\xe9", "ETag", '"x"', "Date", "Sun, 01 Jan 2023 00:00:00 GMT"],
              ...["Connection", "X-Hop", "X-Hop", "1", "Server", "mine"],
            ],
            body: everyByte,
          });
          const { status, headers, body } = await sendRaw(`${stack.url}/`);
          assert.equal(status, 418);
          assert.deepEqual(valuesOf(headers, "set-cookie"), [
            "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
            "b=2",
          ]);
          assert.deepEqual(valuesOf(headers, "x-latin"), ["caf\xe9"]);
          assert.deepEqual(valuesOf(headers, "etag"), ['"x"']);
          assert.deepEqual(valuesOf(headers, "server"), ["mine"]);
          assert.deepEqual(valuesOf(headers, "date"), ["Sun, 01 Jan 2023 00:00:00 GMT"]);
          assert.deepEqual(valuesOf(headers, "content-type"), []);
          assert.deepEqual(valuesOf(headers, "x-hop"), []);
          assert.deepEqual(new Uint8Array(body), everyByte);
        },
      );

      await t.step("a content encoding is passed on, not decoded", async () => {
        const zipped = gzipSync("hello ".repeat(100));
        answering({
          headers: ["Content-Encoding", "gzip", "Content-Type", "text/plain"],
          body: zipped,
        });
        const response = await sendRaw(`${stack.url}/`, { headers: ["Accept-Encoding", "gzip"] });
        assert.deepEqual(valuesOf(response.headers, "content-encoding"), ["gzip"]);
        assert.ok(Buffer.from(response.body).equals(zipped));
      });

      await t.step("a redirect is passed on, not followed", async () => {
        answering({ status: 302, headers: ["Location", "/elsewhere"] });
        const response = await sendRaw(`${stack.url}/`);
        assert.equal(response.status, 302);
        assert.deepEqual(valuesOf(response.headers, "location"), ["/elsewhere"]);
        assert.equal(lastSeen().path, "/");
      });

      await t.step("HEAD has no body and keeps its content-length", async () => {
        answering({ headers: ["Content-Length", "1234", "Content-Type", "text/plain"] });
        const response = await sendRaw(`${stack.url}/`, { method: "HEAD" });
        assert.equal(lastSeen().method, "HEAD");
        assert.equal(response.status, 200);
        assert.equal(response.body.byteLength, 0);
        assert.deepEqual(valuesOf(response.headers, "content-length"), ["1234"]);
      });

      for (const status of [204, 304]) {
        await t.step(`${status} has no body`, async () => {
          answering({ status, headers: ["ETag", '"1"'] });
          const response = await sendRaw(`${stack.url}/`);
          assert.equal(response.status, status);
          assert.equal(response.body.byteLength, 0);
          assert.deepEqual(valuesOf(response.headers, "etag"), ['"1"']);
        });
      }

      await t.step("the microservice's own errors are its answers", async () => {
        for (const status of [400, 404, 500, 501]) {
          answering({ status, body: new TextEncoder().encode("mine") });
          const response = await sendRaw(`${stack.url}/`);
          assert.equal(response.status, status);
          assert.equal(Buffer.from(response.body).toString(), "mine");
        }
      });

      await t.step("a body at the limit passes, one above it is refused with 413", async () => {
        answering({});
        const limit = new Uint8Array(2 ** 20).fill(7);
        assert.equal((await sendRaw(`${stack.url}/`, { method: "POST", body: limit })).status, 200);
        assert.equal(lastSeen().body.byteLength, limit.byteLength);
        for (const chunked of [false, true]) {
          const streamed: RequestInit & { duplex: "half" } = {
            method: "POST",
            body: chunked ? new Blob([limit, "x"]).stream() : new Blob([limit, "x"]),
            duplex: "half",
          };
          const response = await fetch(`${stack.url}/`, streamed);
          assert.equal(response.status, 413, chunked ? "chunked" : "with content-length");
          const problem = await response.json();
          assert.equal(problem.type, "urn:proxymq:problem:body-too-large");
          assert.match(problem.detail, /1048576 bytes/);
          assert.ok(problem.request_id);
        }
      });

      await t.step("a response of 10 MiB passes", async () => {
        const large = new Uint8Array(10 * 2 ** 20);
        for (let i = 0; i < large.length; i += 4096) large[i] = i >> 12;
        answering({ body: large });
        const response = await sendRaw(`${stack.url}/`);
        assert.ok(Buffer.from(response.body).equals(large));
      });
    },
  });
}
