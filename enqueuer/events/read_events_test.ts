import assert from "node:assert/strict";
import { Problem } from "../../shared/http/problem.ts";
import { type Event, readEvents } from "./read_events.ts";

const good = { specversion: "1.0", id: "1", source: "/orders", type: "order.paid" };
const id = "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f";

function read(headers: Record<string, string>, body: string | Uint8Array) {
  return readEvents({
    topic: "order.paid",
    headers: new Headers(headers),
    passed: headers,
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    id,
    now: Date.UTC(2026, 10, 22, 12),
  });
}

function text({ body }: Event): string {
  return new TextDecoder().decode(body);
}

Deno.test("what is no CloudEvent becomes the data of one", () => {
  const body = new Uint8Array([0, 255]);
  const events = read({ "content-type": "image/png", "x-tag": "a" }, body);
  assert.deepEqual(events, {
    one: {
      id,
      headers: {
        "content-type": "image/png",
        "x-tag": "a",
        "ce-specversion": "1.0",
        "ce-id": id,
        "ce-source": "/publish/order.paid",
        "ce-type": "order.paid",
        "ce-time": "2026-11-22T12:00:00.000Z",
      },
      body,
    },
  });
  assert.ok("one" in events && events.one.body === body, "the bytes are passed, not copied");
});

Deno.test("a CloudEvent is passed on as it is, in either mode", () => {
  const structured = { "content-type": "Application/CloudEvents+JSON; charset=utf-8" };
  const body = `{"n":1.0,${JSON.stringify(good).slice(1)}`;
  const events = read(structured, body);
  assert.ok("one" in events && text(events.one) === body);
  assert.deepEqual(events.one.headers, structured);
  const binary = Object.fromEntries(
    Object.entries(good).map(([name, value]) => [`ce-${name}`, value]),
  );
  const other = read(binary, "data");
  assert.ok("one" in other && text(other.one) === "data");
  assert.deepEqual(other.one.headers, binary);
});

Deno.test("a batch is parted into its events, each as it stands there", () => {
  const first = JSON.stringify({ ...good, data: "a,]" });
  const second = `{"data": 12345678901234567890, ${JSON.stringify(good).slice(1)}`;
  const headers = { "content-type": "application/cloudevents-batch+json", "x-tag": "a" };
  const events = read(headers, `[${first},\n ${second}]`);
  assert.ok("many" in events);
  assert.deepEqual(events.many.map(text), [first, second]);
  assert.equal(new Set([id, ...events.many.map((event) => event.id)]).size, 3);
  assert.deepEqual(events.many[0]?.headers, {
    "content-type": "application/cloudevents+json",
    "x-tag": "a",
  });
  assert.deepEqual(read(headers, "[]"), { many: [] });
});

Deno.test("what is broken is refused with what is wrong", async (t) => {
  const json = "application/cloudevents+json";
  const batch = "application/cloudevents-batch+json";
  const cases: readonly [
    type: string,
    body: string | Uint8Array,
    detail: RegExp,
    status?: number,
  ][] = [
    [json, "{", /not JSON/],
    [json, new Uint8Array([0x22, 0xff, 0x22]), /not JSON in UTF-8/],
    [json, "[]", /no JSON object/],
    [json, '{"id":"1"}', /"source" is missing; "specversion"/],
    [batch, JSON.stringify(good), /no JSON array/],
    [batch, JSON.stringify([good, {}]), /event 1 of the batch .*"id" is missing/],
    [batch, JSON.stringify(Array(1_001).fill(good)), /1001 events; allowed are 1000/],
    ["application/cloudevents+xml", "<event/>", /allowed are application\/cloudevents\+json/, 415],
    ["application/cloudevents", "{}", /allowed are/, 415],
  ];
  for (const [type, body, detail, status = 400] of cases) {
    await t.step(`${type} ${String(body).slice(0, 40)}`, () => {
      assert.throws(() => read({ "content-type": type }, body), (error) => {
        assert.ok(error instanceof Problem);
        assert.match(error.message, detail);
        return error.status === status;
      });
    });
  }
  await t.step("binary mode without an id", () => {
    assert.throws(() => read({ "ce-specversion": "1.0" }, ""), /ce-id is missing/);
  });
});
