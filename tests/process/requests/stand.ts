/** What the tests of requests that nobody waits for are made of: real processes around a broker. */

import assert from "node:assert/strict";
import { brokersUnderTest, eventually, type TestBroker } from "../../brokers.ts";
import { type Env, startDequeuer, startEnqueuer } from "../service_process.ts";
import { Member } from "./member.ts";
import { answerTo, Upstream } from "./upstream.ts";

/** Two enqueuers and two dequeuers, and the microservice behind them. */
export interface Stand {
  readonly place: TestBroker;
  readonly service: string;
  readonly upstream: Upstream;
  readonly a: Member;
  readonly b: Member;
  readonly dequeuers: readonly [Member, Member];
}

/** How many calls of the microservice a dequeuer of these tests makes at once. */
export const concurrency = 32;

/** Only those on which several processes can be; quorum queues are what RabbitMQ has by default. */
const brokers = brokersUnderTest.filter(({ name }) =>
  /^(sqlite|redis|rabbitmq quorum)$/.test(name)
);

/**
 * A test over each broker that several processes can share.
 * @param options `only` names others: all of them take their time.
 */
export function standTest(
  name: string,
  run: (stand: Stand) => Promise<void>,
  { env = {}, only = /^(sqlite|rabbitmq)/ }: { readonly env?: Env; readonly only?: RegExp } = {},
): void {
  for (const broker of brokers.filter(({ name }) => only.test(name))) {
    Deno.test({
      name: `${name}, over ${broker.name}`,
      ignore: broker.missing !== undefined,
      async fn() {
        await using place = await broker.setUp();
        await using stand = await setUp(place, env);
        await run(stand);
      },
    });
  }
}

async function setUp(place: TestBroker, env: Env): Promise<Stand & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(new Upstream());
  const service = place.service();
  const common = { BROKER_URL: place.url, ...env };
  const enqueuer = () =>
    stack.use(
      new Member((port) =>
        startEnqueuer({ ENQUEUER_SERVICES: service, ...common, ENQUEUER_PORT: port })
      ),
    );
  const dequeuer = () =>
    stack.use(
      new Member((port) =>
        startDequeuer({
          DEQUEUER_SERVICE: service,
          DEQUEUER_TARGET_URL: upstream.url,
          DEQUEUER_CONCURRENCY: `${concurrency}`,
          ...common,
          DEQUEUER_PORT: port,
        })
      ),
    );
  const members = [enqueuer(), enqueuer(), dequeuer(), dequeuer()] as const;
  await Promise.all(members.map((member) => member.ready()));
  const [a, b, ...dequeuers] = members;
  const owned = stack.move();
  return {
    place,
    service,
    upstream,
    a,
    b,
    dequeuers,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Headers of a request that nobody waits for. */
export const async = { prefer: "respond-async" };

/** Sends a request that nobody waits for. @returns its id. */
export async function takeAt(
  enqueuer: Member,
  { service }: Stand,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const response = await fetch(`${enqueuer.url}/proxy/${service}/work`, {
    method: "POST",
    body,
    headers: { ...async, ...headers },
  });
  const document = await response.json();
  assert.equal(response.status, 202, JSON.stringify(document));
  return document.id;
}

/** What an enqueuer answers to `/requests/{id}`. */
export async function stateAt(
  enqueuer: Member,
  id: string,
): Promise<{ readonly code: number; readonly status?: string; readonly attempt?: number }> {
  const response = await fetch(`${enqueuer.url}/requests/${id}`);
  const { status, attempt } = await response.json();
  return response.ok ? { code: response.status, status, attempt } : { code: response.status };
}

/** Waits until an enqueuer tells a state. */
export async function becomesAt(enqueuer: Member, id: string, status: string): Promise<void> {
  await eventually(async () => {
    const told = await stateAt(enqueuer, id);
    assert.equal(told.status, status, JSON.stringify(told));
    return true;
  }, { timeoutMs: 30_000 });
}

/** Waits until an enqueuer has the response to a body, which has to be the right one at once. */
export async function answeredAt(enqueuer: Member, id: string, body: string): Promise<void> {
  const seen = await eventually(async () => {
    const response = await fetch(`${enqueuer.url}/requests/${id}/response`);
    const text = await response.text();
    // Not yet, or it cannot be told just now.
    assert.ok(response.status !== 409 && response.status !== 503, text);
    return { status: response.status, length: response.headers.get("x-length"), text };
  }, { timeoutMs: 30_000 });
  assert.deepEqual(seen, { status: 201, length: `${body.length}`, text: answerTo(body) });
}

/** Does something with each of some items, up to 32 at once. */
export async function eachOf<T>(
  items: readonly T[],
  act: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const left = items.entries();
  await Promise.all(Array.from({ length: 32 }, async () => {
    for (const [index, item] of left) await act(item, index);
  }));
}
