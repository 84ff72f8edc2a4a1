import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { eventually, within } from "../../../tests/support/waiting.ts";
import type { Wire } from "./incoming.ts";
import { readyResponse } from "./ready_response.ts";
import { type RequestHandler, serve } from "./server.ts";

interface Caller extends Disposable {
  readonly socket: Socket;
  /** All that has come so far. */
  readonly text: string;
  /** Waits until it ends so, or the connection does. */
  until(end: string): Promise<string>;
}

function call(port: number, text: string): Caller {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let got = "";
  socket.setEncoding("latin1").on("data", (data: string) => got += data);
  socket.write(text);
  return {
    socket,
    get text() {
      return got;
    },
    until: (end) =>
      eventually(() => got.endsWith(end) || socket.readableEnded || socket.destroyed)
        .then(() => got),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

async function serving(handler: RequestHandler) {
  const server = await serve(handler, { hostname: "127.0.0.1", port: 0 });
  return {
    port: server.port,
    server,
    [Symbol.asyncDispose]: () => server.close(AbortSignal.timeout(2_000)),
  };
}

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nhost: a\r\n${more}\r\n`;

for (const size of [0, 10, 10_000, 1_000_000]) {
  Deno.test(`a caller that hangs up after ${size} bytes of body is noticed`, async () => {
    const read = Promise.withResolvers<AbortSignal>();
    const noticed = Promise.withResolvers<void>();
    await using at = await serving(async (request) => {
      assert.equal((await request.arrayBuffer()).byteLength, size);
      request.signal.addEventListener("abort", () => noticed.resolve());
      read.resolve(request.signal);
      await noticed.promise;
      return new Response("late");
    });
    const head = `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\n\r\n`;
    using caller = call(at.port, head + "a".repeat(size));
    await read.promise;
    caller.socket.destroy();
    await noticed.promise;
  });
}

Deno.test("a caller that has its whole response has not hung up", async () => {
  let signal: AbortSignal | undefined;
  await using at = await serving((request) => {
    signal = request.signal;
    return new Response("done");
  });
  using caller = call(at.port, get("/"));
  assert.match(await caller.until("done"), /^HTTP\/1.1 200 /);
  caller.socket.destroy();
  await at.server.close(AbortSignal.timeout(2_000));
  assert.equal(signal?.aborted, false);
});

Deno.test("a request's target and headers come as they were sent", async () => {
  const seen: [string, Wire][] = [];
  await using at = await serving((request, wire) => {
    seen.push([request.url, wire]);
    return new Response("end");
  });
  const target = "/a/../b//c%41?d=%20/../e";
  using caller = call(at.port, get(target, "X-One: 1\r\nx-one: 2\r\n"));
  await caller.until("end");
  const [[url, wire] = []] = seen;
  assert.equal(url, "http://a/b//c%41?d=%20/../e");
  assert.equal(wire?.url, target);
  assert.deepEqual(wire?.rawHeaders, ["host", "a", "X-One", "1", "x-one", "2"]);
});

Deno.test("a request's headers are what the Web makes of them", async () => {
  const { promise, resolve } = Promise.withResolvers<Headers>();
  await using at = await serving((request) => {
    resolve(request.headers);
    return new Response("end");
  });
  const repeated = "Age: 1\r\nage: 2\r\nAuthorization: a\r\nauthorization: b\r\n";
  using caller = call(at.port, get("/", `X-One: 1\r\nx-one: 2\r\n${repeated}x-empty:\r\n`));
  await caller.until("end");
  const headers = await promise;
  const all = [["age", "1, 2"], ["authorization", "a, b"], ["host", "a"], ["x-empty", ""], [
    "x-one",
    "1, 2",
  ]];
  for (const [name = "", value] of all) assert.equal(headers.get(name), value);
  for (const name of ["x-two", "constructor", "set-cookie"]) {
    assert.equal(headers.get(name), null);
    assert.equal(headers.has(name), false);
  }
  assert.equal(headers.get("X-ONE"), "1, 2");
  assert.throws(() => headers.get("not a name"), TypeError);
  assert.deepEqual([...headers], all);
  headers.append("x-one", "3");
  headers.delete("age");
  assert.equal(headers.get("x-one"), "1, 2, 3");
  assert.equal(headers.has("age"), false);
});

Deno.test("a request is whatever a handler makes of it", async () => {
  const readings: Record<string, (request: Request) => Promise<unknown>> = {
    "/bytes": async (request) => [...await request.bytes()].length,
    "/text": (request) => request.text(),
    "/json": (request) => request.json(),
    "/buffer": async (request) => (await request.arrayBuffer()).byteLength,
    "/blob": async (request) => (await request.blob()).size,
    "/clone": (request) => request.clone().text(),
    "/stream": async (request) => request.body && (await Array.fromAsync(request.body)).length,
    "/used": async (request) => [request.bodyUsed, await request.text(), request.bodyUsed],
  };
  await using at = await serving(async (request, { url = "" }) =>
    Response.json([request.method, await readings[url]?.(request)])
  );
  const ask = async (path: string, method: string, body: string) => {
    const head = `${method} ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n`;
    const more = body ? `content-length: ${body.length}\r\n\r\n${body}` : "\r\n";
    using caller = call(at.port, head + more);
    await eventually(() => caller.socket.readableEnded);
    return JSON.parse(caller.text.slice(caller.text.indexOf("\r\n\r\n")));
  };
  const body = '{"a":1}';
  for (const path of ["/bytes", "/buffer", "/blob"]) {
    assert.deepEqual(await ask(path, "POST", body), ["POST", 7]);
  }
  assert.deepEqual(await ask("/json", "PATCH", body), ["PATCH", { a: 1 }]);
  assert.deepEqual(await ask("/text", "PUT", body), ["PUT", body]);
  assert.deepEqual(await ask("/clone", "POST", body), ["POST", body]);
  assert.deepEqual(await ask("/used", "POST", body), ["POST", [false, body, true]]);
  assert.deepEqual(await ask("/bytes", "POST", ""), ["POST", 0]);
  assert.deepEqual(await ask("/stream", "POST", ""), ["POST", null]);
  // The Web's own requests have none.
  assert.deepEqual(await ask("/bytes", "GET", body), ["GET", 7]);
  assert.deepEqual(await ask("/stream", "GET", body), ["GET", 1]);
});

Deno.test("a response says its length, and no more than it has", async () => {
  const bodies: Record<string, () => Response> = {
    "/text": () => new Response("four", { headers: { "content-type": "text/plain" } }),
    "/bytes": () => new Response(new Uint8Array(4)),
    "/ready": () => readyResponse(200, {}, new TextEncoder().encode("four")),
    "/ready-none": () => readyResponse(204, {}, new Uint8Array(0)),
    "/ready-empty": () => readyResponse(200, { "set-cookie": ["a=1", "b=2"] }, new Uint8Array(0)),
    "/ready-head": () => readyResponse(200, { "content-length": "99" }, new Uint8Array(0)),
    "/ready-changed"() {
      const response = readyResponse(200, { one: "1" }, new TextEncoder().encode("four"));
      response.headers.set("two", "2");
      return response;
    },
    "/none": () => new Response(null, { status: 204 }),
    "/empty": () => new Response(null, { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"]] }),
    "/head": () => new Response(null, { headers: { "content-length": "99" } }),
  };
  await using at = await serving((_, { url = "" }) => bodies[url]?.() ?? new Response("?"));
  const ask = async (path: string, method = "GET") => {
    using caller = call(
      at.port,
      `${method} ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
    );
    await eventually(() => caller.socket.readableEnded);
    return caller.text.replace(/^date: .*\r\n/im, "");
  };
  const text =
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\nConnection: close";
  assert.equal(await ask("/text"), `${text}\r\n\r\nfour`);
  assert.match(
    await ask("/bytes"),
    /^HTTP\/1.1 200 OK\r\ncontent-length: 4\r\nConnection: close\r\n\r\n/,
  );
  assert.match(await ask("/ready"), /content-length: 4\r\n.*four$/s);
  assert.match(await ask("/ready-changed"), /one: 1\r\ntwo: 2\r\n.*\r\n\r\nfour$/s);
  for (
    const [none, empty, head] of [
      ["/none", "/empty", "/head"],
      ["/ready-none", "/ready-empty", "/ready-head"],
    ] as const
  ) {
    assert.match(await ask(none), /^HTTP\/1.1 204 No Content\r\nConnection: close\r\n\r\n$/);
    assert.match(await ask(empty), /set-cookie: a=1\r\nset-cookie: b=2\r\n.*content-length: 0/s);
    assert.doesNotMatch(await ask(empty, "HEAD"), /content-length|transfer-encoding/i);
    assert.match(await ask(head, "HEAD"), /content-length: 99\r\n.*\r\n\r\n$/s);
  }
});

Deno.test("a body that streams is passed on as it comes, and to its end", async () => {
  const next = Promise.withResolvers<void>();
  await using at = await serving(() =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode("one"));
          await next.promise;
          controller.enqueue(new TextEncoder().encode("two"));
          controller.close();
        },
      }),
    )
  );
  using caller = call(at.port, get("/"));
  assert.match(await caller.until("3\r\none\r\n"), /transfer-encoding: chunked/i);
  next.resolve();
  await caller.until("3\r\ntwo\r\n0\r\n\r\n");
});

Deno.test("a body that breaks off ends without its end", async () => {
  const fail = Promise.withResolvers<void>();
  await using at = await serving(() =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          controller.enqueue(new TextEncoder().encode("one"));
          await fail.promise;
          throw new Error("broke off");
        },
      }),
    )
  );
  using caller = call(at.port, get("/"));
  await caller.until("one\r\n");
  fail.resolve();
  await eventually(() => caller.socket.destroyed);
  assert.ok(!caller.text.endsWith("0\r\n\r\n"));
});

Deno.test("a slow caller slows down what it is sent, and its leaving ends it", async () => {
  let made = 0;
  const cancelled = Promise.withResolvers<void>();
  await using at = await serving(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          if (made++ < 2_000) controller.enqueue(new Uint8Array(65_536));
          else controller.close();
        },
        cancel: () => cancelled.resolve(),
      }, { highWaterMark: 0 }),
    )
  );
  using caller = call(at.port, get("/"));
  await once(caller.socket, "data");
  caller.socket.pause();
  caller.socket.destroy();
  await within(cancelled.promise, "its source to be told");
  assert.ok(made < 1_000, `${made} pieces of 64 KiB were made for one who took none`);
});

Deno.test("who waits to be told sends its body once it is wanted, and not if it is not", async () => {
  await using at = await serving(async (request, { url }) =>
    url === "/wanted"
      ? new Response(`got ${await request.text()}`)
      : new Response("no", { status: 413 })
  );
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n`;
  using wanted = call(at.port, head("/wanted"));
  assert.equal(await wanted.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wanted.socket.write("hello");
  await wanted.until("got hello");
  using unwanted = call(at.port, head("/unwanted"));
  assert.match(await unwanted.until("no"), /^HTTP\/1.1 413 /);
});

Deno.test("an unread body does not stand in the way of its response, nor of the next request", async () => {
  await using at = await serving(() => new Response("no", { status: 413 }));
  const body = "a".repeat(300_000);
  const request = `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  using caller = call(at.port, request);
  await caller.until("no");
  caller.socket.write(request);
  await eventually(() => caller.text.split("413").length === 3);
});

Deno.test("what is no HTTP request is refused with a problem", async () => {
  await using at = await serving(() => new Response("?"));
  const cases: [string, RegExp][] = [
    ["GARBAGE\r\n\r\n", /^HTTP\/1.1 400 Bad Request\r\n.*urn:proxymq:problem:bad-request/s],
    [get("/", `x: ${"a".repeat(140_000)}\r\n`), /^HTTP\/1.1 431 .*problem:headers-too-large/s],
    ["GET / HTTP/1.1\r\n\r\n", /^HTTP\/1.1 400 /],
  ];
  for (const [request, expected] of cases) {
    using caller = call(at.port, request);
    await eventually(() => caller.socket.readableEnded || caller.socket.destroyed);
    assert.match(caller.text, expected);
  }
});

Deno.test("headers of 100,000 bytes are taken", async () => {
  await using at = await serving((request) =>
    new Response(String(request.headers.get("x")?.length))
  );
  using caller = call(at.port, get("/", `x: ${"a".repeat(100_000)}\r\n`));
  await caller.until("100000");
});

Deno.test("closing waits for what is in flight, ends kept connections, and takes no new one", async () => {
  const answer = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  await using at = await serving((_, { url }) => {
    if (url === "/idle") return new Response("idle");
    asked.resolve();
    return answer.promise;
  });
  using idle = call(at.port, get("/idle"));
  await idle.until("idle");
  using busy = call(at.port, get("/busy"));
  await asked.promise;
  const closed = at.server.close(AbortSignal.timeout(5_000)).then(() => true);
  await eventually(() => idle.socket.readableEnded);
  assert.equal(await Promise.race([closed, Promise.resolve(false)]), false);
  using late = call(at.port, get("/late"));
  await eventually(() => late.socket.destroyed);
  answer.resolve(new Response("whole"));
  assert.match(await busy.until("whole"), /connection: close/i);
  await closed;
});

Deno.test("an address that cannot be had is said", async () => {
  await using at = await serving(() => new Response());
  await assert.rejects(
    serve(() => new Response(), { hostname: "127.0.0.1", port: at.port }),
    { message: new RegExp(`^cannot listen on 127.0.0.1:${at.port}: `) },
  );
});

Deno.test("a caller that breaks off in its body harms nobody, be the body read, left, or given up", async () => {
  const seen: string[] = [];
  await using at = await serving(async (request, { url = "" }) => {
    if (url === "/whole") await request.bytes().catch(() => seen.push(url));
    else if (url === "/stream") {
      await Array.fromAsync(request.body ?? []).catch(() => seen.push(url));
    } else if (url === "/given-up") {
      const reader = request.body?.getReader();
      await reader?.read();
      await reader?.cancel();
      seen.push(url);
    } else seen.push(url);
    await new Promise<void>((resolve) => {
      if (request.signal.aborted) resolve();
      else request.signal.addEventListener("abort", () => resolve());
    });
    return new Response("nobody gets it");
  });
  for (const path of ["/whole", "/stream", "/given-up", "/left"]) {
    const head = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n`;
    using caller = call(at.port, head + "a".repeat(10));
    await once(caller.socket, "connect");
    if (path === "/given-up" || path === "/left") await eventually(() => seen.includes(path));
    caller.socket.destroy();
    await eventually(() => seen.includes(path));
  }
  using caller = call(at.port, get("/left", "connection: close\r\n"));
  await once(caller.socket, "connect");
});

Deno.test("a body that is given up in its middle does not stand in the way of the next request", async () => {
  await using at = await serving(async (request) => {
    const reader = request.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    return new Response("no", { status: 413 });
  });
  const request = `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 300000\r\n\r\n${
    "a".repeat(300_000)
  }`;
  using caller = call(at.port, request);
  await caller.until("no");
  caller.socket.write(request);
  await eventually(() => caller.text.split("413").length === 3);
});

Deno.test("a host that is none does not stand in the way", async () => {
  await using at = await serving((request) => new Response(request.url));
  for (const host of ["a:99999", "a b", "/x?", ""]) {
    using caller = call(at.port, `GET /p HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    assert.match(await caller.until("/p"), /http:\/\/localhost\/p$/);
  }
});

Deno.test("a handler that rejects is a 500, and the next request is served", async () => {
  await using at = await serving((_, { url }) =>
    url === "/bad" ? Promise.reject(new Error("a fault")) : new Response("fine")
  );
  using caller = call(at.port, get("/bad") + get("/good"));
  assert.match(await caller.until("fine"), /^HTTP\/1.1 500 .*HTTP\/1.1 200 /s);
});

Deno.test("what is no HTTP after the beginning of a response breaks it off, and is no part of it", async () => {
  await using at = await serving(() =>
    new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
    )
  );
  using caller = call(
    at.port,
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n",
  );
  await eventually(() => caller.text.includes("\r\n\r\n1\r\n"));
  caller.socket.write("no chunk\r\n");
  await eventually(() => caller.socket.destroyed);
  assert.doesNotMatch(caller.text, /400 Bad Request/);
});

Deno.test("closing waits for a stream that has begun, and not for its connection", async () => {
  const end = Promise.withResolvers<void>();
  await using at = await serving(() =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(new TextEncoder().encode("one"));
          await end.promise;
          controller.close();
        },
      }),
    )
  );
  using caller = call(at.port, get("/"));
  await caller.until("one\r\n");
  const closed = at.server.close(new AbortController().signal);
  end.resolve();
  assert.match(await caller.until("0\r\n\r\n"), /one/);
  await within(closed, "the server to close");
});
