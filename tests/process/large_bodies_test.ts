import assert from "node:assert/strict";
import { brokersUnderTest } from "../brokers.ts";
import { bodyService, largeBody } from "../e2e/body_service.ts";
import { watchMemory } from "../support/memory_watch.ts";
import { metric } from "../support/metrics.ts";
import { eventually } from "../support/waiting.ts";
import { startDequeuer, startEnqueuer } from "./service_process.ts";

const mib = 2 ** 20;
/** How much passes through, bytes. */
const total = 320 * mib;
/** By how much a process may grow meanwhile, bytes. */
const mostGrowth = 128 * mib;

for (const broker of brokersUnderTest.filter(({ name }) => /^(sqlite|rabbitmq q)/.test(name))) {
  Deno.test({
    name:
      `a large request passes two processes, which keep their size; one that is killed with it ` +
      `is followed by another, over ${broker.name}`,
    ignore: broker.missing !== undefined,
    async fn() {
      await using place = await broker.setUp();
      const service = place.service();
      let held = false;
      await using upstream = await bodyService(undefined, (request) => {
        if (held || request.headers["x-hold"] === undefined) return false;
        held = true;
        // It takes the beginning, and no more.
        request.once("data", () => request.pause());
        return true;
      });
      const env = { BROKER_URL: place.url, ENQUEUER_MAX_BODY_BYTES: "1GiB" };
      const back = { ...env, DEQUEUER_SERVICE: service, DEQUEUER_TARGET_URL: upstream.url };
      await using enqueuer = startEnqueuer(env);
      await using dequeuer = startDequeuer(back);
      const urls = await Promise.all([enqueuer.ready(), dequeuer.ready()]);
      const send = async (size: number, headers = {}) => {
        const { stream, digest } = largeBody(size);
        const response = await fetch(`${urls[0]}/proxy/${service}`, {
          method: "POST",
          body: stream,
          headers: { prefer: "wait=60", ...headers },
        });
        assert.equal(await response.text(), "taken");
        assert.equal(upstream.received.at(-1)?.digest, digest);
      };
      for (let i = 0; i < 3; i++) await send(8 * mib);

      const { before, most } = await watchMemory(urls, () => send(total));
      const growth = most.map((bytes, i) => bytes - (before[i] ?? 0));
      for (const bytes of growth) assert.ok(bytes < mostGrowth, `grew by ${growth.join(" and ")}`);

      const sent = send(32 * mib, { "x-hold": "yes" });
      await eventually(() => held);
      dequeuer.signal("SIGKILL");
      await dequeuer.exited();
      await using other = startDequeuer(back);
      const otherUrl = await other.ready();
      await sent;
      await eventually(async () => await metric(otherUrl, "proxymq_spools_deleted_total") === 1);
      assert.deepEqual([...enqueuer.troubles, ...other.troubles], []);
    },
  });
}
