import assert from "node:assert/strict";
import { callbackService } from "../../shared/service_name.ts";
import { brokersUnderTest, eventually } from "../brokers.ts";
import { receiver } from "../e2e/callback_receiver.ts";
import { answering, ask, callbackEnv } from "../e2e/callback_stack.ts";
import { runToEnd, startDequeuer, startEnqueuer } from "./service_process.ts";

/** Over SQLite, what a killed process held comes back when its lease of 10 s has run out. */
for (const broker of brokersUnderTest.filter(({ name }) => /sqlite|quorum/.test(name))) {
  Deno.test({
    name: `a callback outlives a kill of the enqueuer that delivers it, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      place.own(callbackService);
      await using upstream = answering();
      await using hook = receiver();
      const held = Promise.withResolvers<Response>();
      hook.answer = () => held.promise;
      const service = place.service();
      const env = { BROKER_URL: place.url, ...callbackEnv(hook.url) };
      await using first = startEnqueuer(env);
      await using dequeuer = startDequeuer({
        ...env,
        DEQUEUER_SERVICE: service,
        DEQUEUER_TARGET_URL: upstream.url,
      });
      const [front] = await Promise.all([first.ready(), dequeuer.ready()]);
      await (await ask(`${front}/proxy/${service}/200`, hook.hook)).body?.cancel();
      await eventually(() => hook.arrived.length === 1);
      first.signal("SIGKILL");
      await first.exited();
      hook.answer = undefined;
      held.resolve(new Response());
      await using second = startEnqueuer(env);
      await second.ready();
      await eventually(() => hook.arrived.length === 2, { timeoutMs: 20_000 });
      const [one, other] = hook.arrived;
      assert.ok(other?.document);
      assert.equal(other.headers.get("webhook-id"), one?.headers.get("webhook-id"));
      for (const process of [second, dequeuer]) {
        process.signal("SIGTERM");
        const { code, complaints } = await process.exited();
        assert.deepEqual([code, complaints], [0, []]);
      }
    },
  });
}

Deno.test("half a configuration of callbacks ends with 2, and says what is missing", async () => {
  const { code, complaints } = await runToEnd("enqueuer", {
    env: { BROKER_URL: "memory:", ENQUEUER_PORT: "0", ENQUEUER_CALLBACK_ALLOW: "example.com" },
  });
  assert.equal(code, 2);
  assert.match(complaints[0] ?? "", /^enqueuer: ENQUEUER_CALLBACK_SECRET is not set.*whsec_/);
});
