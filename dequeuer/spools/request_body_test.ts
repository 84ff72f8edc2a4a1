import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { BrokerUnavailableError, SpoolNotFoundError } from "../../shared/broker/errors.ts";
import type { QueuedRequest } from "../../shared/message/envelope.ts";
import { SpoolBrokenError, SpoolSilentError } from "../../shared/spool/spool_store.ts";
import { Forwarder } from "../forwarder.ts";
import { Upstream } from "../upstream.ts";
import type { ReadSpooled } from "./request_body.ts";

const piece = new Uint8Array(10);

/** A forwarder to a microservice that answers once it has a whole body, unless it does as told. */
async function given(
  read: ReadSpooled,
  answer = async (request: IncomingMessage, response: ServerResponse) => {
    let size = 0;
    for await (const bytes of request) size += bytes.length;
    response.end(`${size} of ${request.headers["content-length"]}`);
  },
) {
  const server = createServer((request, response) => {
    // Calls are cut here.
    answer(request, response).catch(() => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const target = new URL(`http://127.0.0.1:${port}`);
  const upstream = new Upstream(target, { connections: 4, maxBodyBytes: 1_000 });
  const forwarder = new Forwarder(upstream, 200, read);
  return {
    forward: async (size: number, rest: Partial<QueuedRequest> = {}) => {
      const result = await forwarder.forward({
        id: "a",
        method: "POST",
        path: "/",
        headers: {},
        body: new Uint8Array(0),
        spooled: { spool: "s", size },
        ...rest,
      }, 1);
      if (result.kind === "response") return new TextDecoder().decode(result.response.body);
      return "detail" in result ? `${result.kind}: ${result.detail}` : result.kind;
    },
    forwarder,
    async [Symbol.asyncDispose]() {
      forwarder[Symbol.dispose]();
      await upstream[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

Deno.test("a body from a spool comes with its length, however long that takes while it moves", async () => {
  await using g = await given(async function* () {
    for (let n = 0; n < 8; n++) {
      await delay(60);
      yield piece;
    }
  });
  assert.equal(await g.forward(80), "80 of 80");
});

Deno.test("the request's own deadline holds all the same", async () => {
  await using g = await given(async function* (_id, _from, signal) {
    while (!signal.aborted) {
      await delay(20);
      yield piece;
    }
  });
  const start = performance.now();
  const text = await g.forward(1_000_000, { deadline: Date.now() + 400 });
  assert.match(text, /^timeout: /);
  assert.ok(performance.now() - start < 2_000);
});

Deno.test("a microservice that takes nothing is too slow, and the reading ends with the call", async () => {
  let ended = false;
  const read: ReadSpooled = async function* (_id, _from, signal) {
    try {
      while (!signal.aborted) yield new Uint8Array(131_072);
    } finally {
      ended = true;
    }
  };
  await using g = await given(read, (request) => {
    request.on("error", () => {});
    request.pause();
    return Promise.resolve();
  });
  assert.match(await g.forward(1_000_000_000), /^timeout: /);
  while (!ended) await delay(5);
});

Deno.test("a cancel ends it while it waits for more", async () => {
  const begun = Promise.withResolvers<void>();
  await using g = await given(async function* (_id, _from, signal) {
    yield piece;
    begun.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const end = g.forward(100);
  await begun.promise;
  g.forwarder.cancel("a");
  assert.equal(await end, "cancelled");
});

Deno.test("a stop of calls and spools is a stop, and no body that cannot be read", async () => {
  const begun = Promise.withResolvers<void>();
  const spools = Promise.withResolvers<never>();
  await using g = await given(async function* () {
    yield piece;
    begun.resolve();
    await spools.promise;
  });
  const end = g.forward(100);
  await begun.promise;
  g.forwarder.stop();
  spools.reject(new BrokerUnavailableError("the process is shutting down"));
  assert.equal(await end, "stopped");
});

Deno.test("why a body cannot be read decides what becomes of its request", async () => {
  const cases: [Error | undefined, RegExp][] = [
    [new SpoolNotFoundError("s"), /^body-gone: the request's body: there is no spool "s"$/],
    [new SpoolBrokenError("piece 3 of it is missing"), /^body-gone: .*piece 3/],
    [undefined, /^body-gone: .*it has 10 bytes, and the request says 100/],
    [new SpoolSilentError("nothing came"), /^body-unreadable: .*nothing came/],
    [new BrokerUnavailableError("down"), /^body-unreadable: .*down/],
  ];
  for (const [error, expected] of cases) {
    await using g = await given(async function* () {
      yield piece;
      await delay(1);
      if (error) throw error;
    });
    assert.match(await g.forward(100), expected);
  }
});
