import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { QueuedRequest } from "../shared/message/envelope.ts";
import { Forwarder } from "./forwarder.ts";
import { Upstream } from "./upstream.ts";

const request: QueuedRequest = {
  id: "id-1",
  method: "GET",
  path: "/p?q",
  headers: { "x-a": "1" },
  body: new Uint8Array(0),
};

/** A forwarder to a server that treats each connection's first bytes as `onData` says. */
async function forwarding(
  onData: (socket: Socket, head: string) => void,
  { timeoutMs = 5_000, path = "" } = {},
) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => onData(socket, data.toString("latin1")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const target = new URL(`http://127.0.0.1:${port}${path}`);
  const upstream = new Upstream(target, { connections: 4, maxBodyBytes: 1_000 });
  const forwarder = new Forwarder(upstream, timeoutMs);
  return {
    forwarder,
    async [Symbol.asyncDispose]() {
      forwarder[Symbol.dispose]();
      await upstream[Symbol.asyncDispose]();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const answer = (head: string, body = "") => (socket: Socket) => void socket.write(head + body);

Deno.test("how a call can end", async (t) => {
  const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
  const cases: [string, (socket: Socket) => void, string, RegExp?][] = [
    ["a response", answer(ok, "hi"), "response"],
    [
      "an interim response first",
      answer("HTTP/1.1 103 Early Hints\r\n\r\n" + ok, "hi"),
      "response",
    ],
    ["hung up at once", (socket) => void socket.destroy(), "unreachable"],
    ["half a body", (socket) => void socket.end(ok + "h"), "unreachable"],
    ["reset", (socket) => void socket.resetAndDestroy(), "unreachable"],
    ["silence", () => {}, "timeout", /within 150 ms/],
    ["not HTTP", answer("hello\r\n\r\n"), "invalid-response"],
    [
      "too large",
      answer("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n", "x".repeat(2000)),
      "invalid-response",
      /over 1000 bytes/,
    ],
    [
      "status 999",
      answer("HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"),
      "invalid-response",
      /999/,
    ],
  ];
  for (const [name, onData, kind, detail] of cases) {
    await t.step(name, async () => {
      const timeoutMs = kind === "timeout" ? 150 : 5_000;
      await using given = await forwarding(onData, { timeoutMs });
      const result = await given.forwarder.forward(request, 1);
      assert.equal(result.kind, kind, JSON.stringify(result));
      if (detail) assert.match("detail" in result ? result.detail : "", detail);
      assert.equal(given.forwarder.inFlight, 0);
    });
  }
});

Deno.test("nobody listens", async () => {
  await using upstream = new Upstream(new URL("http://127.0.0.1:9"), {
    connections: 1,
    maxBodyBytes: 1,
  });
  using forwarder = new Forwarder(upstream, 5_000);
  assert.equal((await forwarder.forward(request, 1)).kind, "unreachable");
});

Deno.test("what HTTP does not allow is an invalid request", async () => {
  await using given = await forwarding(() => {});
  const result = await given.forwarder.forward({ ...request, headers: { "bad name": "x" } }, 1);
  assert.equal(result.kind, "invalid-request");
});

Deno.test("the target's path stands before the request's; ProxyMQ's headers come along", async () => {
  const heads: string[] = [];
  await using given = await forwarding((socket, head) => {
    heads.push(head);
    socket.write("HTTP/1.1 204 No Content\r\n\r\n");
  }, { path: "/base/" });
  await given.forwarder.forward({ ...request, deadline: Date.now() + 1_500, traceparent: "t" }, 3);
  const [head = ""] = heads;
  assert.match(head, /^GET \/base\/p\?q HTTP\/1\.1\r\n/);
  assert.match(head, /\r\nx-a: 1\r\n/);
  assert.match(head, /\r\nproxymq-request-id: id-1\r\n/);
  assert.match(head, /\r\nproxymq-attempt: 3\r\n/);
  assert.match(head, /\r\ntraceparent: t\r\n/);
  const [, remaining] = /\r\nproxymq-deadline: (\d+)\r\n/.exec(head) ?? [];
  assert.ok(Number(remaining) > 1_000 && Number(remaining) <= 1_500, remaining);
});

Deno.test("the deadline cuts a call short", async () => {
  await using given = await forwarding(() => {}, { timeoutMs: 60_000 });
  const result = await given.forwarder.forward({ ...request, deadline: Date.now() + 100 }, 1);
  assert.equal(result.kind, "timeout");
});

Deno.test("stop ends the calls under way", async () => {
  const called = Promise.withResolvers<void>();
  await using given = await forwarding(() => called.resolve());
  const result = given.forwarder.forward(request, 1);
  await called.promise;
  given.forwarder.stop();
  assert.equal((await result).kind, "stopped");
});

Deno.test("cancel ends the calls with that request, twice if it came twice, and no other", async () => {
  let called = 0;
  const all = Promise.withResolvers<void>();
  await using given = await forwarding((socket, head) => {
    if (head.includes("/other")) socket.write("HTTP/1.1 204 No Content\r\n\r\n");
    if (++called === 3) all.resolve();
  });
  const { forwarder } = given;
  const once = forwarder.forward(request, 1);
  const twice = forwarder.forward(request, 2);
  const other = forwarder.forward({ ...request, id: "id-2", path: "/other" }, 1);
  await all.promise;
  forwarder.cancel("id-1");
  forwarder.cancel("id-3");
  assert.deepEqual((await Promise.all([once, twice, other])).map(({ kind }) => kind), [
    "cancelled",
    "cancelled",
    "response",
  ]);
  assert.equal(forwarder.inFlight, 0);
  forwarder.cancel("id-1");
});
