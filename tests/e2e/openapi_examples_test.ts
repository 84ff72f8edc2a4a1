/** Sends every request that the OpenAPI document shows, and holds what it shows against its schemas. */

import assert from "node:assert/strict";
import { type Broker, DEAD_AT, DEAD_QUEUE, DEAD_REASON } from "../../shared/broker/broker.ts";
import { openBroker } from "../../shared/broker/open.ts";
import { encodeRequest } from "../../shared/message/envelope.ts";
import type { ResultStore } from "../../shared/results/result_store.ts";
import { deadLetterQueue, requestQueue } from "../../shared/service_name.ts";
import { exampleId as id, exampleService as service } from "../../enqueuer/examples.ts";
import { uniqueName } from "../brokers.ts";
import {
  type ExampleRequest,
  faultOf,
  type OpenApiDocument,
  operationsOf,
  type Place,
  requestsOf,
  valuesOf,
} from "../support/openapi_examples.ts";
import { type Env, microservice, startStack, testEnqueuer } from "./stack.ts";

const apiKey = "an-api-key";
const adminKey = "an-admin-key";
const env: Env = { ENQUEUER_API_KEYS: apiKey, ENQUEUER_ADMIN_KEYS: adminKey };

/** The rooms whose operations show what they take and give. */
const exemplified = ["/proxy", "/send", "/publish", "/requests", "/queues", "/dead-letters"];

/** What is there before a request of an operation is sent. */
type Scene = (broker: Broker, results: ResultStore) => Promise<void>;

const succeeded: Scene = async (_, results) => {
  await results.withdraw(id);
  await results.enter({ id, service });
  const response = { status: 200, headers: { "content-type": "text/plain" }, body: bytes("done") };
  await results.record({ id, service, state: "succeeded", attempt: 1, response });
};

const queued: Scene = async (_, results) => {
  await results.withdraw(id);
  await results.enter({ id, service });
};

const dead: Scene = async (broker) => {
  const { dead } = await broker.stats(requestQueue(service));
  if (dead > 0) return;
  const now = Date.now();
  const headers = { "content-type": "application/json" };
  const request = { id, method: "POST", path: "/fetch", headers, body: bytes("{}") };
  const message = encodeRequest(request, now);
  await broker.publish({ queue: deadLetterQueue(service) }, [{
    ...message,
    headers: {
      ...message.headers,
      [DEAD_REASON]: "status-503",
      [DEAD_AT]: now,
      [DEAD_QUEUE]: requestQueue(service),
    },
  }]);
};

const scenes: Readonly<Record<string, Scene>> = {
  getRequest: succeeded,
  getResponse: succeeded,
  watchRequest: succeeded,
  cancelRequest: queued,
  listDeadLetters: dead,
  readDeadLetter: dead,
  replayDeadLetters: dead,
  discardDeadLetter: dead,
  discardDeadLetters: dead,
};

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function readDocument(): Promise<OpenApiDocument> {
  await using enqueuer = await testEnqueuer({ ...env, BROKER_URL: `memory:${uniqueName("api")}` });
  const response = await fetch(`${enqueuer.server.url}/openapi.json`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  return await response.json();
}

/** Sends a request, and holds the response against what is documented of it. */
async function execute(
  document: OpenApiDocument,
  { operation }: Place,
  { name, method, path, headers, body }: ExampleRequest,
  url: string,
): Promise<void> {
  const key = operation.security?.some((one) => "AdminKey" in one) ? adminKey : apiKey;
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${name}: ${response.status} ${text}`);
  const documented = operation.responses[response.status] ?? operation.responses["default"];
  assert.ok(documented, `${name}: ${response.status} is not documented`);
  const { content } = documented;
  if (!content) return;
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  const shown = content[type];
  assert.ok(shown, `${name}: ${type} is not documented`);
  if (type !== "application/json" || method === "HEAD" || !shown.schema) return;
  assert.equal(faultOf(document, shown.schema, JSON.parse(text)), undefined, name);
}

const document = await readDocument();

for (const place of operationsOf(document)) {
  Deno.test(`openapi: the requests that ${place.name} shows do what it says`, async (t) => {
    const requests = requestsOf(place);
    await using upstream = microservice(() => Response.json({ status: "ok" }));
    const brokerUrl = `memory:${uniqueName("examples")}`;
    await using stack = await startStack({ brokerUrl, service, target: upstream.url, env });
    await using broker = await openBroker(brokerUrl, { name: "proxymq-test" });
    await using results = broker.results({ ttlMs: 60_000, lookUps: true });
    for (const request of requests) {
      await t.step(request.name, async () => {
        await scenes[place.name]?.(broker, results);
        await execute(document, place, request, stack.enqueuer.server.url);
      });
    }
  });

  if (!exemplified.some((room) => place.path.startsWith(room))) continue;
  Deno.test(`openapi: what ${place.name} shows is as its schemas say`, () => {
    const { requestBody, responses } = place.operation;
    const contents = [requestBody, ...Object.values(responses)].map((one) => one?.content ?? {});
    for (const content of contents) {
      for (const [type, shown] of Object.entries(content)) {
        if (type !== "application/json") continue;
        const values = valuesOf(shown);
        assert.ok(values.length > 0, `${JSON.stringify(shown.schema)} has no example`);
        for (const value of values) {
          const fault = shown.schema && faultOf(document, shown.schema, value);
          assert.equal(fault, undefined, JSON.stringify(value));
        }
      }
    }
  });
}

Deno.test("openapi: what is not as a schema says is found", () => {
  const [queue] = operationsOf(document).filter(({ name }) => name === "getQueue");
  const schema = queue?.operation.responses["200"]?.content?.["application/json"]?.schema;
  assert.ok(schema);
  const good = { service, ready: 1, delayed: 0, dead: 0, consumers: 0 };
  assert.equal(faultOf(document, schema, good), undefined);
  assert.match(faultOf(document, schema, { ...good, ready: "1" }) ?? "", /ready/);
  const { dead: _, ...lacking } = good;
  assert.match(faultOf(document, schema, lacking) ?? "", /dead/);
});
