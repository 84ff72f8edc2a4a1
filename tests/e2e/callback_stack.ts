import assert from "node:assert/strict";
import { callbackService } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually, type TestBroker } from "../brokers.ts";
import { secrets } from "./callback_receiver.ts";
import { type Env, microservice, type Stack, startStack, type TestServer } from "./stack.ts";

/** A test for each broker, which deletes the queues of callbacks in the end. */
export function forEachBroker(name: string, test: (place: TestBroker) => Promise<void>): void {
  for (const broker of brokersUnderTest) {
    Deno.test({
      name: `${name}, over ${broker.name}`,
      ignore: broker.missing !== undefined,
      async fn() {
        await using place = await broker.setUp();
        place.own(callbackService);
        await test(place);
      },
    });
  }
}

/** A microservice that answers with the status of its path, and says what the path wants. */
export const answering = (): TestServer =>
  microservice((request) => {
    const [, status = "200", kind = "json"] = new URL(request.url).pathname.split("/");
    const init = { status: Number(status) };
    if (kind === "bytes") return new Response(Uint8Array.of(0, 255), init);
    if (kind === "text") return new Response("täxt", init);
    const headers = [["content-type", "application/json"], ["set-cookie", "a=1"]];
    headers.push(["set-cookie", "b=2"]);
    return new Response('{"n":12345678901234567890}', { ...init, headers: headers as HeadersInit });
  });

/** A stack with callbacks to one receiver. */
export function started(
  place: TestBroker,
  target: string,
  allow: string,
  env: Env = {},
): Promise<Stack> {
  const service = place.service();
  return startStack({
    brokerUrl: place.url,
    service,
    target,
    env: { ...callbackEnv(allow), ...env },
  });
}

/** Sends a request that wants to be called back. */
export const ask = (url: string, hook: string): Promise<Response> =>
  fetch(url, { headers: { "proxymq-callback": hook } });

/** The settings of an enqueuer that delivers callbacks to these hosts, and retries soon. */
export function callbackEnv(...allow: string[]): Readonly<Record<string, string>> {
  return {
    ENQUEUER_CALLBACK_ALLOW: allow.join(),
    ENQUEUER_CALLBACK_SECRET: secrets.join(),
    ENQUEUER_CALLBACK_RETRY_BASE: "50ms",
    ENQUEUER_CALLBACK_RETRY_MAX: "200ms",
    ENQUEUER_ADMIN_KEYS: "an-admin-key",
  };
}

/** A dead letter in a list. */
export interface ListedLetter {
  readonly id: string;
  readonly reason: string;
  readonly attempts: number;
  readonly last_failure: { readonly failure: string };
}

/** Waits until callbacks have that many dead letters, and lists them. */
export function listedCallbacks(enqueuerUrl: string, count: number): Promise<ListedLetter[]> {
  return eventually(async () => {
    const { total, items } = await deadCallbacks(enqueuerUrl);
    assert.equal(total, count);
    return items as ListedLetter[];
  });
}

/** Calls the routes for the dead letters of callbacks, below `/dead-letters/proxymq-callbacks`. */
export async function deadCallbacks(
  enqueuerUrl: string,
  method: "GET" | "POST" = "GET",
  path = "",
  body?: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${enqueuerUrl}/dead-letters/proxymq-callbacks${path}`, {
    method,
    headers: { authorization: "Bearer an-admin-key", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return await response.json();
}
