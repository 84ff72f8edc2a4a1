import assert from "node:assert/strict";
import { requestQueue } from "../../shared/service_name.ts";
import { brokersUnderTest, type BrokerUnderTest, eventually, type TestBroker } from "../brokers.ts";
import { metric } from "../support/metrics.ts";
import { type Env, type Stack, startStack } from "./stack.ts";
import { type StreamCall, type StreamService, streamService } from "./stream_service.ts";

/** A microservice whose responses stream, behind a queue. */
export interface Given extends AsyncDisposable {
  readonly place: TestBroker;
  readonly service: string;
  readonly upstream: StreamService;
  readonly stack: Stack;
  readonly front: (name: string, labels?: Env) => Promise<number>;
  readonly back: (name: string, labels?: Env) => Promise<number>;
}

/** Starts a microservice that answers so, and a stack around it. */
export async function given(
  broker: BrokerUnderTest,
  answer: (call: StreamCall) => void | Promise<void>,
  env: Env = {},
): Promise<Given> {
  await using resources = new AsyncDisposableStack();
  const place = resources.use(await broker.setUp());
  const service = place.service();
  const upstream = resources.use(await streamService(answer));
  const stack = resources.use(
    await startStack({ brokerUrl: place.url, service, target: upstream.url, env }),
  );
  const owned = resources.move();
  return {
    place,
    service,
    upstream,
    stack,
    front: (name, labels) => metric(stack.enqueuer.server.url, name, labels),
    back: (name, labels) => metric(stack.dequeuer.server.url, name, labels),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Nothing is left of streams, and so many dead letters. */
export async function assertNothingLeft(
  { place, service, front, back }: Given,
  dead = 0,
): Promise<void> {
  const handle = await place.open();
  await eventually(async () => {
    const stats = await handle.stats(requestQueue(service));
    assert.equal(stats.ready, 0);
    assert.equal(stats.inFlight ?? 0, 0);
    assert.equal(stats.dead, dead);
    assert.equal(await front("enqueuer_streams_open"), 0);
    assert.equal(await front("enqueuer_waiting_callers"), 0);
    assert.equal(await back("dequeuer_streams_open"), 0);
    assert.equal(await back("dequeuer_in_flight"), 0);
    return true;
  });
}

/** Headers of an event stream. */
export const events = { "content-type": "text/event-stream" };

/** The text of a response, piece by piece. */
export async function* texts(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) yield decoder.decode(chunk, { stream: true });
}

/** A test of streams over each broker that makes a difference to them. */
export function streamTest(
  name: string,
  fn: (broker: BrokerUnderTest) => Promise<void>,
  brokers: readonly BrokerUnderTest[] = brokersUnderTest.filter(({ name }) =>
    name !== "rabbitmq classic"
  ),
): void {
  for (const broker of brokers) {
    Deno.test({
      name: `${name}, over ${broker.name}`,
      ignore: broker.missing !== undefined,
      fn: () => fn(broker),
    });
  }
}
