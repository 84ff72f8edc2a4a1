import assert from "node:assert/strict";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { metric } from "../support/metrics.ts";
import { type Env, microservice, startStack, testEnqueuer } from "./stack.ts";

/** What a microservice of these tests is asked for, and what it has done. */
class Work {
  readonly runs: string[] = [];
  readonly aborted: string[] = [];
  #free = Promise.withResolvers<void>();

  /** Lets all that is held go on. */
  release(): void {
    this.#free.resolve();
    this.#free = Promise.withResolvers();
  }

  readonly answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const text = await request.text();
    this.runs.push(pathname);
    request.signal.addEventListener("abort", () => this.aborted.push(pathname));
    if (pathname.startsWith("/held")) await this.#free.promise;
    if (pathname.startsWith("/missing")) return new Response("no such thing", { status: 404 });
    if (pathname.startsWith("/down")) return new Response("down", { status: 503 });
    return new Response(`${text} done`, { headers: { "x-tag": "t", "set-cookie": "a=1" } });
  };

  count(path: string): number {
    return this.runs.filter((run) => run === path).length;
  }
}

for (const broker of brokersUnderTest) {
  const test = (
    name: string,
    run: (given: {
      readonly work: Work;
      /** Two enqueuers' addresses. */
      readonly a: string;
      readonly b: string;
      readonly service: string;
      /** Sends a request for the service. */
      send(path: string, init?: RequestInit, to?: string): Promise<Response>;
      /** The state of a request, as B tells it. */
      state(id: string): Promise<Record<string, unknown>>;
      /** Waits until B tells a state. */
      becomes(id: string, status: string): Promise<Record<string, unknown>>;
    }, t: Deno.TestContext) => Promise<void>,
    env: Env = {},
  ) =>
    Deno.test({
      name: `${name}, over ${broker.name}`,
      ignore: broker.missing !== undefined,
      async fn(t) {
        await using place = await broker.setUp();
        const work = new Work();
        await using upstream = microservice(work.answer);
        const service = place.service();
        const own = {
          DEQUEUER_RETRY_BASE: "1ms",
          DEQUEUER_RETRY_MAX: "1ms",
          DEQUEUER_MAX_ATTEMPTS: "2",
          ...env,
        };
        await using stack = await startStack({
          brokerUrl: place.url,
          service,
          target: upstream.url,
          env: own,
        });
        await using second = await testEnqueuer({ BROKER_URL: place.url, ...own });
        await second.ready;
        const [a, b] = [stack.enqueuer.server.url, second.server.url];
        const state = async (id: string) => {
          const response = await fetch(`${b}/requests/${id}`);
          const document = await response.json();
          assert.equal(response.status, 200, JSON.stringify(document));
          return document;
        };
        const given = {
          work,
          a,
          b,
          service,
          state,
          send: (path: string, init: RequestInit = {}, to = a) =>
            fetch(`${to}/proxy/${service}${path}`, { method: "POST", body: "work", ...init }),
          becomes: (id: string, status: string) =>
            eventually(async () => {
              const document = await state(id);
              assert.equal(document["status"], status);
              return document;
            }),
        };
        try {
          await run(given, t);
        } finally {
          work.release();
        }
      },
    });

  const async = { headers: { prefer: "respond-async" } };

  test("a caller that prefers not to wait gets 202, and its response from every enqueuer", async ({ send, b, becomes, work }) => {
    const response = await send("/work", async);
    assert.equal(response.status, 202);
    assert.equal(response.headers.get("preference-applied"), "respond-async");
    const { id, status, links } = await response.json();
    assert.equal(status, "queued");
    assert.equal(response.headers.get("location"), `/requests/${id}`);
    assert.deepEqual(links, {
      self: `/requests/${id}`,
      response: `/requests/${id}/response`,
      events: `/requests/${id}/events`,
    });
    const done = await becomes(id, "succeeded");
    assert.equal(done["attempt"], 1);
    assert.equal(done["response_status"], 200);
    for (let time = 0; time < 3; time++) {
      const result = await fetch(`${b}/requests/${id}/response`);
      assert.equal(result.status, 200);
      assert.equal(result.headers.get("x-tag"), "t");
      assert.equal(await result.text(), "work done");
    }
    assert.equal(work.count("/work"), 1);
  });

  test("who waits a while gets the response, or 202 and the response later, run once", async ({ send, b, becomes, work }) => {
    const inTime = await send("/work", { headers: { prefer: "respond-async, wait=20" } });
    assert.equal(inTime.status, 200);
    assert.equal(await inTime.text(), "work done");

    const late = await send("/held", { headers: { prefer: "respond-async, wait=1" } });
    assert.equal(late.status, 202);
    const { id } = await late.json();
    await becomes(id, "processing");
    const none = await fetch(`${b}/requests/${id}/response`);
    assert.equal(none.status, 409);
    assert.equal((await none.json()).type, "urn:proxymq:problem:no-response-yet");
    work.release();
    await becomes(id, "succeeded");
    assert.equal(await (await fetch(`${b}/requests/${id}/response`)).text(), "work done");
    assert.equal(work.count("/held"), 1);
  });

  test("a microservice's own failure and a dead letter are told apart", async ({ send, b, becomes }) => {
    const failed = await (await send("/missing", async)).json();
    assert.equal((await becomes(failed.id, "failed"))["response_status"], 404);
    const answer = await fetch(`${b}/requests/${failed.id}/response`);
    assert.equal(answer.status, 404);
    assert.equal(await answer.text(), "no such thing");

    const { id } = await (await send("/down", async)).json();
    const dead = await becomes(id, "dead");
    assert.equal(dead["reason"], "status-503");
    assert.equal(dead["attempt"], 2);
    const last = await fetch(`${b}/requests/${id}/response`);
    assert.equal(last.status, 503);
    assert.equal(await last.text(), "down");
  });

  test("what is not known is 404, and what is no id is 400", async ({ b }) => {
    for (const path of ["", "/response", "/events"]) {
      const unknown = await fetch(`${b}/requests/019ab0c2-7c00-7cc3-98c4-dc0c0c07398f${path}`);
      assert.equal(unknown.status, 404);
      assert.equal((await unknown.json()).type, "urn:proxymq:problem:request-not-found");
      const bad = await fetch(`${b}/requests/one${path}`);
      assert.equal(bad.status, 400);
      assert.match((await bad.json()).detail, /UUID/);
    }
    const gone = await fetch(`${b}/requests/019ab0c2-7c00-7cc3-98c4-dc0c0c07398f`, {
      method: "DELETE",
    });
    assert.equal(gone.status, 404);
    await gone.body?.cancel();
  });

  test("a request for an unknown service is 404 and not known either", async ({ a, b }) => {
    const response = await fetch(`${a}/proxy/no-such-service/x`, { ...async, method: "POST" });
    assert.equal(response.status, 404);
    const { request_id: id } = await response.json();
    const known = await fetch(`${b}/requests/${id}`);
    assert.equal(known.status, 404);
    await known.body?.cancel();
  });

  test("what is sent can be asked for, and a delayed request waits for its time", async ({ a, service, becomes, state, work }) => {
    const post = (body: unknown) =>
      fetch(`${a}/send`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const sent = await (await post({ topic: service, payload: 1 })).json();
    await becomes(sent.id, "succeeded");
    const { id } = await (await post({ topic: service, payload: 2, delay: 600 })).json();
    const delayed = await becomes(id, "queued");
    const due = Date.parse(String(delayed["due_at"])) - Date.now();
    assert.ok(due > 590_000 && due <= 600_000, `${due}`);
    const cancelled = await fetch(`${a}/requests/${id}`, { method: "DELETE" });
    assert.equal(cancelled.status, 200);
    assert.equal((await cancelled.json()).status, "cancelled");
    assert.equal((await state(id))["status"], "cancelled");
    assert.equal(work.count("/"), 1);
  });

  test("a request that is cancelled is not forwarded, or aborted, or has ended", async ({ a, b, send, becomes, work }) => {
    const held = await (await send("/held", async)).json();
    await becomes(held.id, "processing");
    const cancelled = await fetch(`${b}/requests/${held.id}`, { method: "DELETE" });
    assert.equal(cancelled.status, 200);
    await cancelled.body?.cancel();
    await eventually(() => work.aborted.includes("/held"));
    await becomes(held.id, "cancelled");
    const none = await fetch(`${b}/requests/${held.id}/response`);
    assert.equal(none.status, 409);
    assert.equal((await none.json()).type, "urn:proxymq:problem:request-cancelled");

    const later = { headers: { prefer: "respond-async", "proxymq-delay": "2" } };
    const delayed = await (await send("/later", later)).json();
    const after = await (await send("/after", later)).json();
    const early = await fetch(`${a}/requests/${delayed.id}`, { method: "DELETE" });
    assert.equal(early.status, 200);
    await early.body?.cancel();
    await becomes(after.id, "succeeded");
    assert.equal(work.count("/later"), 0);

    const ended = await fetch(`${a}/requests/${after.id}`, { method: "DELETE" });
    assert.equal(ended.status, 409);
    const { type, request_id: named } = await ended.json();
    assert.deepEqual([type, named], ["urn:proxymq:problem:request-ended", after.id]);
  });

  test("the same key is run once, whoever gets it, and each gets the answer", async (
    { a, b, send, becomes, work },
    t,
  ) => {
    const keyed = (key: string, more: Record<string, string> = {}) => ({
      headers: { "idempotency-key": key, ...more },
    });
    await t.step("one after the other", async () => {
      for (const to of [a, b, a]) {
        const response = await send("/work", keyed('"first"'), to);
        assert.equal(response.status, 200);
        assert.equal(response.headers.get("x-tag"), "t");
        assert.equal(await response.text(), "work done");
      }
      assert.equal(work.count("/work"), 1);
    });
    await t.step("another request with it is 422", async () => {
      for (const other of [{ body: "other" }, { method: "PUT" }]) {
        const response = await send("/work", { ...keyed("first"), ...other }, b);
        assert.equal(response.status, 422);
        assert.equal((await response.json()).type, "urn:proxymq:problem:key-reused");
      }
    });
    await t.step("while it runs it is 409, or the same 202", async () => {
      const first = send("/held", keyed('"held"'));
      await eventually(() => work.count("/held") === 1);
      const again = await send("/held", keyed('"held"'), b);
      assert.equal(again.status, 409);
      assert.equal(again.headers.get("retry-after"), "1");
      const { type, detail } = await again.json();
      assert.equal(type, "urn:proxymq:problem:key-in-use");
      const [, id] = /\/requests\/(\S+)/.exec(detail) ?? [];
      const later = await send("/held", keyed('"held"', { prefer: "respond-async" }), b);
      assert.equal(later.status, 202);
      assert.equal((await later.json()).id, id);
      work.release();
      assert.equal((await first).status, 200);
      await (await first).body?.cancel();
      await becomes(id ?? "", "succeeded");
      assert.equal(work.count("/held"), 1);
    });
    await t.step("twenty at once on two enqueuers", async () => {
      const responses = await Promise.all(
        Array.from(
          { length: 20 },
          (_, i) =>
            send("/burst", keyed("burst", { prefer: "respond-async, wait=20" }), i % 2 ? a : b),
        ),
      );
      for (const response of responses) {
        assert.equal(response.status, 200);
        assert.equal(await response.text(), "work done");
      }
      assert.equal(work.count("/burst"), 1);
    });
    await t.step("nobody is left waiting", async () => {
      for (const url of [a, b]) assert.equal(await metric(url, "enqueuer_waiting_callers"), 0);
    });
    await t.step("a key that is none is 400", async () => {
      const response = await send("/work", keyed('"'));
      assert.equal(response.status, 400);
      assert.match((await response.json()).detail, /Idempotency-Key/);
    });
    await t.step("a key whose request got nowhere is free", async () => {
      for (let time = 0; time < 2; time++) {
        const response = await fetch(`${a}/proxy/no-such-service/`, keyed("nowhere"));
        assert.equal(response.status, 404);
        await response.body?.cancel();
      }
    });
  });

  test("the changes of a request come as events, to the end, and go on where they broke off", async ({ b, send, work, becomes }) => {
    const { id } = await (await send("/held", async)).json();
    await becomes(id, "processing");
    const stream = await fetch(`${b}/requests/${id}/events`);
    assert.equal(stream.headers.get("content-type"), "text/event-stream");
    const reading = stream.text();
    await eventually(() => work.count("/held") === 1);
    work.release();
    const events = parseEvents(await reading);
    assert.deepEqual(events.map(({ data }) => data["status"]), ["processing", "succeeded"]);
    const [first, last] = events;
    const from = async (lastEventId = "") => {
      const response = await fetch(`${b}/requests/${id}/events`, {
        headers: { "last-event-id": lastEventId },
      });
      return { status: response.status, events: parseEvents(await response.text()) };
    };
    assert.deepEqual((await from(first?.id)).events, [last]);
    assert.equal((await from(last?.id)).status, 204);
  });

  test("who runs out of time gets 202, where it is set so, and the response later", async (
    { send, b, becomes, work },
  ) => {
    const response = await send("/held");
    assert.equal(response.status, 202);
    assert.equal(response.headers.get("preference-applied"), null);
    const { id } = await response.json();
    // On a busy machine it may be on its way still.
    await eventually(() => work.count("/held") === 1);
    work.release();
    await becomes(id, "succeeded");
    assert.equal(await (await fetch(`${b}/requests/${id}/response`)).text(), "work done");
    assert.equal(work.count("/held"), 1);
  }, { ENQUEUER_ON_TIMEOUT: "respond-async", ENQUEUER_REPLY_TIMEOUT: "300ms" });
}

interface Event {
  readonly id: string;
  readonly data: Record<string, unknown>;
}

function parseEvents(text: string): Event[] {
  return text.split("\n\n").filter((block) => block.startsWith("id: ")).map((block) => {
    const [, id = "", data = "null"] = /^id: (.*)\nevent: status\ndata: (.*)$/.exec(block) ?? [];
    return { id, data: JSON.parse(data) };
  });
}
