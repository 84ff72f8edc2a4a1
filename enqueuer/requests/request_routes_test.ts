import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { openBroker } from "../../shared/broker/open.ts";
import { newRequestId } from "../../shared/message/request_id.ts";
import { entered } from "../../shared/results/changed.ts";
import type { RequestRecord } from "../../shared/results/result_store.ts";
import { spoolMetrics } from "../../shared/spool/spool_metrics.ts";
import { Spools } from "../../shared/spool/spools.ts";
import { createMetrics } from "../metrics.ts";
import { toProblem } from "../problems.ts";
import { requestRoutes } from "./request_routes.ts";

Deno.test("a response that the store no longer has is unknown, not yet to come", async () => {
  await using broker = await openBroker("memory:request_routes_test", { name: "test" });
  await using store = broker.results({ ttlMs: 60_000, lookUps: true });
  await using spools = new Spools(broker, spoolMetrics(new Registry()));
  const id = newRequestId();
  const queued = entered({ id, service: "test" }, Date.now());
  const told = async (record: RequestRecord) => {
    const results = Object.assign(Object.create(store), {
      get: () => Promise.resolve(record),
      response: () => Promise.resolve(undefined),
    });
    const metrics = createMetrics({ waiting: () => 0, openStreams: () => 0 });
    const { signal: stopping } = new AbortController();
    const app = requestRoutes({ broker, results, spools, metrics, stopping });
    app.onError((error) => toProblem(error).toResponse());
    const response = await app.request(`/${id}/response`);
    return [response.status, (await response.json()).type];
  };
  const missing = "urn:proxymq:problem:request-not-found";
  assert.deepEqual(await told({ ...queued, state: "succeeded", status: 200 }), [404, missing]);
  assert.deepEqual(await told(queued), [409, "urn:proxymq:problem:no-response-yet"]);
});
