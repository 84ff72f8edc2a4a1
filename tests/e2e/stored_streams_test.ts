import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { eventually, within } from "../brokers.ts";
import { spoolsLeft } from "./body_service.ts";
import { isPatterned, type StreamCall, writePatterned } from "./stream_service.ts";
import { events, type Given, given, streamTest, texts } from "./stream_stack.ts";

const mib = 2 ** 20;

/** Sends a request that nobody waits for. @returns where its state is. */
async function send({ stack }: Given, path: string, headers = {}): Promise<string> {
  const response = await fetch(`${stack.url}${path}`, {
    headers: { prefer: "respond-async", ...headers },
  });
  assert.equal(response.status, 202);
  const { links } = await response.json();
  return `${stack.enqueuer.server.url}${links.self}`;
}

/** The responses that are kept of a test: deleted at its end, not when they expire. */
function keptResponses({ place, upstream }: Given): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      const broker = await place.open();
      await using results = broker.results({ ttlMs: 3_600_000, lookUps: true });
      for (const { request } of upstream.calls) {
        const response = await results.response(String(request.headers["proxymq-request-id"]));
        if (response?.spooled) await broker.spools().delete(response.spooled.spool);
      }
    },
  };
}

/** The response to a request, once there is one. */
async function responseOf(url: string, headers = {}): Promise<Response> {
  return await eventually(async () => {
    const response = await fetch(`${url}/response`, { headers });
    if (response.status !== 409) return response;
    await response.body?.cancel();
    throw new Error("not yet");
  });
}

async function stateOf(url: string): Promise<Record<string, unknown>> {
  return await (await fetch(url)).json();
}

/** An event stream of five numbered events, each of which waits to be let go. */
function numbered(): { answer: (call: StreamCall) => void; next: () => void } {
  const state: { call?: StreamCall; sent: number } = { sent: 0 };
  return {
    answer(call) {
      state.call = call;
      call.response.writeHead(200, { ...events, "x-own": "yes" });
      call.response.write(eventOf(1));
      state.sent = 1;
    },
    next() {
      state.call?.response.write(eventOf(++state.sent));
      if (state.sent === 5) state.call?.response.end();
    },
  };
}

const eventOf = (n: number) => `id: ${n}\ndata: event ${n}\n\n`;
const allEvents = [1, 2, 3, 4, 5].map(eventOf).join("");

streamTest("an event stream is given while it is made, resumed, and kept", async (broker) => {
  const source = numbered();
  await using all = await given(broker, source.answer);
  await using _ = keptResponses(all);
  const url = await send(all, "/events");
  const response = await responseOf(url);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.equal(response.headers.get("x-own"), "yes");
  assert.equal((await stateOf(url))["status"], "processing");
  const first = texts(response);
  assert.equal((await first.next()).value, eventOf(1));
  source.next();
  assert.equal((await within(first.next(), "event 2")).value, eventOf(2));

  const resumed = texts(await responseOf(url, { "last-event-id": "1" }));
  assert.equal((await within(resumed.next(), "event 2, again")).value, eventOf(2));
  source.next();
  assert.equal((await within(resumed.next(), "event 3")).value, eventOf(3));
  source.next();
  source.next();
  const rest = async (pieces: AsyncIterable<string>) => (await Array.fromAsync(pieces)).join("");
  const [one, two] = await within(Promise.all([rest(first), rest(resumed)]), "the ends");
  assert.equal(one, [3, 4, 5].map(eventOf).join(""));
  assert.equal(two, [4, 5].map(eventOf).join(""));

  await eventually(async () => (await stateOf(url))["status"] === "succeeded");
  const whole = await responseOf(url);
  assert.equal(whole.headers.get("content-length"), String(allEvents.length));
  assert.equal(await whole.text(), allEvents);
  assert.equal(await (await responseOf(url, { "last-event-id": "4" })).text(), eventOf(5));
  assert.equal(await (await responseOf(url, { "last-event-id": "nobody's" })).text(), allEvents);
  assert.equal((await responseOf(url, { "last-event-id": "5" })).status, 204);
  await spoolsLeft(all.stack, 1);
});

streamTest("a large response is kept whole, and given in parts", async (broker) => {
  const size = 9 * mib;
  const hash = createHash("sha256");
  await using all = await given(broker, async ({ response, path }) => {
    const headers = { etag: '"one"', ...(path === "/known" ? { "content-length": size } : {}) };
    response.writeHead(200, headers);
    await writePatterned(response, size, (bytes) => path === "/known" && hash.update(bytes));
    response.end();
  });
  await using _ = keptResponses(all);
  const [known, chunked] = [await send(all, "/known"), await send(all, "/chunked")];
  await eventually(async () => (await stateOf(chunked))["status"] === "succeeded");
  await eventually(async () => (await stateOf(known))["status"] === "succeeded");
  const digest = hash.digest("hex");
  for (const url of [known, chunked]) {
    const whole = await responseOf(url);
    assert.equal(whole.headers.get("content-length"), String(size));
    assert.equal(whole.headers.get("accept-ranges"), "bytes");
    const bytes = new Uint8Array(await whole.arrayBuffer());
    assert.equal(createHash("sha256").update(bytes).digest("hex"), digest);

    const part = await responseOf(url, { range: "bytes=5000000-5000999", "if-range": '"one"' });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get("content-range"), `bytes 5000000-5000999/${size}`);
    assert.equal(part.headers.get("content-length"), "1000");
    assert.ok(isPatterned(new Uint8Array(await part.arrayBuffer()), 5_000_000));
  }
  const last = await responseOf(known, { range: "bytes=-5" });
  assert.equal(last.status, 206);
  assert.ok(isPatterned(new Uint8Array(await last.arrayBuffer()), size - 5));
  const beyond = await responseOf(known, { range: `bytes=${size}-` });
  assert.equal(beyond.status, 416);
  assert.equal(beyond.headers.get("content-range"), `bytes */${size}`);
  assert.match((await beyond.json()).type, /:range-not-satisfiable$/);
  const other = await responseOf(known, { range: "bytes=0-0", "if-range": '"two"' });
  assert.equal(other.status, 200);
  await other.body?.cancel();
  const head = await fetch(`${known}/response`, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get("content-length"), String(size));
  assert.equal((await head.arrayBuffer()).byteLength, 0);
  await spoolsLeft(all.stack, 2);
});

streamTest("small responses are given in parts as well", async (broker) => {
  await using all = await given(broker, ({ response }) => void response.end("0123456789"));
  await using _ = keptResponses(all);
  const url = await send(all, "/");
  const part = await responseOf(url, { range: "bytes=2-4" });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get("content-range"), "bytes 2-4/10");
  assert.equal(await part.text(), "234");
  assert.equal(await (await responseOf(url)).text(), "0123456789");
  await spoolsLeft(all.stack, 0);
});

streamTest("one that breaks off is an error to its readers, and is tried again", async (broker) => {
  let calls = 0;
  await using all = await given(broker, ({ response, path }) => {
    calls++;
    response.writeHead(200, events);
    response.write(eventOf(calls), () => path === "/breaks" && response.destroy());
    if (calls === 2) response.end();
  }, { DEQUEUER_RETRY_BASE: "1ms", DEQUEUER_MAX_ATTEMPTS: "2" });
  await using _ = keptResponses(all);
  const url = await send(all, "/mends");
  const broken = await responseOf(url);
  const pieces = texts(broken);
  assert.equal((await within(pieces.next(), "event 1")).value, eventOf(1));
  const next = assert.rejects(within(pieces.next(), "the end"));
  all.upstream.calls[0]?.response.destroy();
  await next;
  await eventually(async () => (await stateOf(url))["status"] === "succeeded");
  assert.equal(await (await responseOf(url)).text(), eventOf(2));
  await spoolsLeft(all.stack, 1);

  const lost = await send(all, "/breaks");
  await eventually(async () => (await stateOf(lost))["status"] === "dead");
  const { reason, response_status } = await stateOf(lost);
  assert.deepEqual([reason, response_status], ["broken-off", 502]);
  const told = await responseOf(lost);
  assert.match((await told.json()).detail, /the response broke off: /);
  await spoolsLeft(all.stack, 1);
});

streamTest(
  "who waits gets what is kept from its head on, and so does a repetition",
  async (broker) => {
    const source = numbered();
    await using all = await given(broker, source.answer);
    await using _ = keptResponses(all);
    const headers = { "idempotency-key": crypto.randomUUID() };
    const call = () => fetch(`${all.stack.url}/events`, { headers });
    const waiting = texts(await within(call(), "the head"));
    assert.equal((await within(waiting.next(), "event 1")).value, eventOf(1));
    const repeated = texts(await within(call(), "the head, again"));
    assert.equal((await within(repeated.next(), "event 1, again")).value, eventOf(1));
    for (let n = 0; n < 4; n++) source.next();
    const rest = await within(Array.fromAsync(waiting), "the end");
    assert.equal((await Array.fromAsync(repeated)).join(""), rest.join(""));
    assert.equal(eventOf(1) + rest.join(""), allEvents);
    const again = await call();
    assert.equal(again.status, 200);
    assert.equal(await again.text(), allEvents);
    assert.equal(await all.back("dequeuer_stream_frames_total"), 0);
    assert.equal(all.upstream.calls.length, 1);
  },
);

streamTest("a cancel ends it for its readers too, and leaves nothing", async (broker) => {
  await using all = await given(broker, numbered().answer);
  await using _ = keptResponses(all);
  const url = await send(all, "/events");
  const reading = texts(await responseOf(url));
  await within(reading.next(), "event 1");
  const next = assert.rejects(within(reading.next(), "the end"));
  const cancelled = await fetch(url, { method: "DELETE" });
  assert.equal(cancelled.status, 200);
  await cancelled.body?.cancel();
  await next;
  await eventually(() => all.upstream.calls[0]?.cutAt !== undefined);
  const gone = await responseOfCancelled(url);
  assert.match(gone, /:request-cancelled$/);
  await spoolsLeft(all.stack, 0);
});

async function responseOfCancelled(url: string): Promise<string> {
  const response = await fetch(`${url}/response`);
  assert.equal(response.status, 409);
  return (await response.json()).type;
}
