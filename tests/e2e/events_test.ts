import assert from "node:assert/strict";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually, take, type TestBroker, uniqueName } from "../brokers.ts";
import { metric } from "../support/metrics.ts";
import { microservice, testDequeuer, testEnqueuer, type TestServer } from "./stack.ts";

/** An event as a microservice got it. */
interface Got {
  readonly at: number;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A subscriber that keeps what it gets. */
function subscriber(
  answer: (got: Got, before: number) => Response | Promise<Response> = () => new Response(null),
): TestServer & { readonly got: Got[] } {
  const got: Got[] = [];
  const server = microservice(async (request) => {
    const { pathname, search } = new URL(request.url);
    const one = {
      at: performance.now(),
      path: pathname + search,
      headers: request.headers,
      body: await request.text(),
    };
    return await answer(one, got.push(one) - 1);
  });
  return { ...server, got };
}

/** A service that is bound to topics, with the dequeuers of its instances. */
async function bound(
  place: TestBroker,
  topics: string,
  instances: readonly TestServer[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ service: string } & AsyncDisposable> {
  const service = place.service();
  await using stack = new AsyncDisposableStack();
  for (const { url } of instances) {
    const dequeuer = stack.use(
      await testDequeuer({
        BROKER_URL: place.url,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: url,
        DEQUEUER_TOPICS: topics,
        DEQUEUER_RETRY_BASE: "20ms",
        ...env,
      }),
    );
    await dequeuer.ready;
  }
  const owned = stack.move();
  return { service, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Publishes, and returns status and document. */
async function publish(
  url: string,
  topic: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(`${url}/publish/${topic}`, { method: "POST", body, headers });
  return { status: response.status, json: await response.json() };
}

const bodies = (got: readonly Got[]) => got.map(({ body }) => body);

for (const broker of brokersUnderTest) {
  const ignore = broker.missing !== undefined;

  Deno.test({
    name: `an event reaches every service that is bound, each once, over ${broker.name}`,
    ignore,
    async fn(t) {
      await using place = await broker.setUp();
      const own = uniqueName("order");
      await using enqueuer = await testEnqueuer({ BROKER_URL: place.url });
      await enqueuer.ready;
      const { url } = enqueuer.server;

      await t.step("nobody is bound: 202 that says so, and a metric", async () => {
        const { status, json } = await publish(url, own, "lost");
        assert.equal(status, 202);
        assert.deepEqual(json, { id: json.id, topic: own, bound: false });
        assert.equal(await metric(url, "enqueuer_events_unbound_total"), 1);
      });

      const both = Promise.withResolvers<void>();
      const competing: (TestServer & { got: Got[] })[] = [];
      const instance = async () => {
        // Neither goes on before the other has one too.
        if (competing.every(({ got }) => got.length > 0)) both.resolve();
        await both.promise;
        return new Response(null);
      };
      await using one = subscriber(instance);
      await using two = subscriber(instance);
      competing.push(one, two);
      await using all = subscriber();
      await using _first = await bound(place, `${own}.*, ${own}.eu.paid`, [one, two], {
        DEQUEUER_CONCURRENCY: "1",
      });
      await using _second = await bound(place, `${own}.#`, [all], {
        DEQUEUER_EVENTS_PATH: "/on/{topic}",
      });

      await t.step("each service gets a copy, and its instances share them", async () => {
        const sent = Array.from({ length: 12 }, (_, n) => `event ${n}`);
        const published = await Promise.all(sent.map((body) => publish(url, `${own}.paid`, body)));
        for (const { json } of published) assert.equal(json.bound, true);
        await eventually(() => one.got.length + two.got.length === 12 && all.got.length === 12);
        const shared = [...one.got, ...two.got];
        assert.deepEqual(new Set(bodies(shared)), new Set(sent));
        assert.ok(one.got.length > 0 && two.got.length > 0);
        const ids = new Set(published.map(({ json }) => json.id));
        for (const got of [shared, all.got]) {
          assert.deepEqual(new Set(got.map(({ headers }) => headers.get("ce-id"))), ids);
          const requestIds = got.map(({ headers }) => headers.get("proxymq-request-id"));
          assert.deepEqual(new Set(requestIds), ids);
        }
        assert.equal(one.got[0]?.path, "/events");
        assert.equal(all.got[0]?.path, `/on/${own}.paid`);
        assert.equal(all.got[0]?.headers.get("proxymq-topic"), `${own}.paid`);
        assert.equal(all.got[0]?.headers.get("ce-type"), `${own}.paid`);
        all.got.length = one.got.length = two.got.length = 0;
      });

      await t.step("only who is bound to its topic", async () => {
        await publish(url, `${own}.us.paid`, "us");
        await publish(url, `${own}.eu.paid`, "eu");
        await eventually(() => all.got.length === 2 && one.got.length + two.got.length === 1);
        assert.deepEqual(bodies([...one.got, ...two.got]), ["eu"]);
        all.got.length = 0;
      });

      await t.step("after its delay", async () => {
        const start = performance.now();
        const { json } = await publish(url, `${own}.late.by.one`, "late", {
          "proxymq-delay": "1",
        });
        assert.equal(json.bound, undefined);
        await eventually(() => all.got.length === 1);
        assert.ok((all.got[0]?.at ?? 0) - start >= 1_000);
        all.got.length = 0;
      });

      await t.step("CloudEvents in both modes as they are, and batches one by one", async () => {
        const event =
          '{"specversion":"1.0","id":"e1","source":"/shop","type":"paid","n":1, "data":2.0}';
        const topic = `${own}.cloud.event`;
        await publish(url, topic, event, { "content-type": "application/cloudevents+json" });
        await eventually(() => all.got.length === 1);
        await publish(url, topic, "raw", {
          "content-type": "text/x-own",
          "ce-specversion": "1.0",
          "ce-id": "e2",
          "ce-source": "/shop",
          "ce-type": "sent",
          "ce-tenant": "a",
        });
        await eventually(() => all.got.length === 2);
        const { json } = await publish(url, topic, `[${event}, ${event}]`, {
          "content-type": "application/cloudevents-batch+json",
        });
        await eventually(() => all.got.length === 4);
        assert.deepEqual(bodies(all.got), [event, "raw", event, event]);
        const of = (name: string) => all.got.map(({ headers }) => headers.get(name));
        const structured = "application/cloudevents+json";
        assert.deepEqual(of("content-type"), [structured, "text/x-own", structured, structured]);
        assert.deepEqual(of("ce-id"), [null, "e2", null, null]);
        assert.equal(all.got[1]?.headers.get("ce-tenant"), "a");
        assert.deepEqual(
          new Set(of("proxymq-request-id").slice(2)),
          new Set(json.results.map(({ id }: { id: string }) => id)),
        );
        assert.equal(json.results[0].bound, true);
      });

      await t.step("bad input is 400 with what is allowed", async () => {
        const cases: [topic: string, headers: Record<string, string>, detail: RegExp][] = [
          ["order.*", {}, /no topic; allowed are words/],
          ["a..b", {}, /no topic/],
          [own, { "ce-id": "1" }, /ce-source is missing/],
          [own, { "content-type": "application/cloudevents+json" }, /not JSON/],
          [own, { "proxymq-delay": "soon" }, /ProxyMQ-Delay/],
          [own, { "proxymq-priority": "10" }, /ProxyMQ-Priority/],
          [own, { "proxymq-callback": "https://example.com/" }, /ProxyMQ-Callback/],
        ];
        for (const [topic, headers, detail] of cases) {
          const { status, json } = await publish(url, topic, "body", headers);
          assert.equal(status, 400, String(detail));
          assert.match(json.detail, detail);
        }
      });
    },
  });

  Deno.test({
    name: `what one subscriber cannot do does not touch the others, over ${broker.name}`,
    ignore,
    async fn() {
      await using place = await broker.setUp();
      const own = uniqueName("order");
      const adminKey = "an-admin-key";
      await using enqueuer = await testEnqueuer({
        BROKER_URL: place.url,
        ENQUEUER_ADMIN_KEYS: adminKey,
      });
      await using failing = subscriber(({ body }, before) =>
        body === "poison"
          ? new Response("mend it", { status: 422 })
          : before === 0
          ? new Response(null, { status: 500 })
          : new Response(null)
      );
      await using working = subscriber();
      await using one = await bound(place, own, [failing]);
      await using two = await bound(place, own, [working]);
      await enqueuer.ready;
      const { url } = enqueuer.server;
      const { json: { id } } = await publish(url, own, "again");
      await eventually(() => failing.got.length === 2 && working.got.length === 1);
      const attempts = ({ got }: { got: readonly Got[] }) =>
        got.map(({ headers }) => headers.get("proxymq-attempt"));
      assert.deepEqual(attempts(failing), ["1", "2"]);
      assert.deepEqual(attempts(working), ["1"]);
      assert.equal(failing.got[1]?.headers.get("ce-id"), id);

      await publish(url, own, "poison");
      const handle = await place.open();
      await eventually(async () => (await handle.stats(requestQueue(one.service))).dead === 1);
      await eventually(() => working.got.length === 2);
      const response = await fetch(`${url}/dead-letters/${one.service}/replay`, {
        method: "POST",
        headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
        body: JSON.stringify({ all: true }),
      });
      assert.equal((await response.json()).replayed, 1);
      await eventually(() => failing.got.length === 4);
      await eventually(async () => (await handle.stats(requestQueue(one.service))).dead === 1);
      assert.deepEqual(bodies(working.got), ["again", "poison"]);
      assert.equal((await handle.stats(requestQueue(two.service))).dead, 0);

      const stop = new AbortController();
      const letters = handle.consume(deadLetterQueue(one.service), {
        prefetch: 1,
        signal: stop.signal,
      });
      const [letter] = await take(letters, 1);
      assert.ok(letter);
      assert.equal(letter.message.headers["dead-reason"], "status-422");
      assert.equal(letter.message.headers["topic"], own);
      await handle.settle([{ kind: "ack", delivery: letter }]);
      stop.abort();
    },
  });
}

Deno.test("a batch of events is one call, with the topic of each", async () => {
  const place = await brokersUnderTest[0]?.setUp();
  assert.ok(place);
  await using _place = place;
  const own = uniqueName("order");
  await using enqueuer = await testEnqueuer({ BROKER_URL: place.url });
  await using got = subscriber(({ body }) =>
    Response.json(
      JSON.parse(body).map(({ id }: { id: string }, at: number) => ({
        id,
        status: at === 0 ? 400 : 200,
      })),
    )
  );
  await using one = await bound(place, own, [got], {
    DEQUEUER_BATCH_SIZE: "2",
    DEQUEUER_BATCH_LINGER_MS: "1000",
    DEQUEUER_CONCURRENCY: "1",
  });
  await enqueuer.ready;
  const event = '{"specversion":"1.0","id":"e1","source":"/shop","type":"paid"}';
  await publish(enqueuer.server.url, own, `[${event},${event}]`, {
    "content-type": "application/cloudevents-batch+json",
  });
  const handle = await place.open();
  await eventually(async () => (await handle.stats(requestQueue(one.service))).dead === 1);
  const items = got.got.flatMap(({ body }) => JSON.parse(body));
  assert.equal(items.length, 2);
  for (const { path, headers, body } of items) {
    assert.equal(path, "/events");
    assert.equal(headers["proxymq-topic"], own);
    assert.deepEqual(body, JSON.parse(event));
  }
});
