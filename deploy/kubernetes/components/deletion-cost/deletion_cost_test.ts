import assert from "node:assert/strict";
import { createMetrics } from "../../../../dequeuer/metrics.ts";
import { inFlight, mark, newCost, type Pod } from "./deletion_cost.ts";

const annotation = "controller.kubernetes.io/pod-deletion-cost";

async function metrics(calls: number): Promise<string> {
  const { registry } = createMetrics("thumbnails", {
    inFlight: () => calls,
    openStreams: () => 0,
    breaker: () => "closed",
    concurrency: () => 8,
    batchSize: () => 1,
    prefetch: () => 8,
  });
  return await registry.metrics();
}

function pod(name: string, cost?: string): Pod {
  const annotations = cost === undefined ? undefined : { [annotation]: cost };
  return { metadata: { name, ...(annotations && { annotations }) }, status: { podIP: name } };
}

Deno.test("a dequeuer's calls under way are read from its own metrics", async () => {
  assert.equal(inFlight(await metrics(3)), 3);
  assert.equal(inFlight(await metrics(0)), 0);
  assert.equal(inFlight("dequeuer_in_flight_of_another 7\n"), undefined);
});

for (
  const [before, calls, after] of [
    [undefined, 0, undefined],
    [undefined, 5, "5"],
    ["5", 4, undefined],
    ["5", 0, "0"],
    ["0", 0, undefined],
    ["0", 1, "1"],
  ] as const
) {
  Deno.test(`a pod with the cost ${before} and ${calls} calls: ${after ?? "nothing is written"}`, () => {
    assert.equal(newCost(pod("a", before), calls), after);
  });
}

Deno.test("pods that became busy or idle are written to, also when one of them cannot be asked", async () => {
  const patches: Record<string, unknown> = {};
  const calls: Record<string, number> = { busy: 2, idle: 0, same: 1 };
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      const [, first = "", name = ""] = pathname.split("/");
      if (first === "metrics") {
        const found = calls[name];
        return found === undefined
          ? new Response("", { status: 500 })
          : new Response(await metrics(found));
      }
      assert.equal(request.headers.get("authorization"), "Bearer secret");
      if (request.method === "PATCH") {
        assert.equal(request.headers.get("content-type"), "application/merge-patch+json");
        patches[pathname] = await request.json();
        return Response.json({});
      }
      assert.equal(searchParams.get("labelSelector"), "proxymq/dequeuer=true");
      const leaving = pod("leaving");
      return Response.json({
        items: [
          pod("busy"),
          pod("idle", "4"),
          pod("same", "9"),
          pod("silent"),
          { metadata: { name: "not-yet" } },
          {
            ...leaving,
            metadata: { ...leaving.metadata, deletionTimestamp: "2026-11-24T00:00:00Z" },
          },
        ],
      });
    },
  );
  const api = `http://127.0.0.1:${server.addr.port}`;
  const written = await mark({
    api,
    namespace: "proxymq",
    token: "secret",
    metricsUrl: ({ metadata }) => `${api}/metrics/${metadata.name}`,
    timeoutMs: 5_000,
  });
  assert.deepEqual(Object.fromEntries(written), { busy: "2", idle: "0" });
  const cost = (value: string) => ({ metadata: { annotations: { [annotation]: value } } });
  assert.deepEqual(patches, {
    "/api/v1/namespaces/proxymq/pods/busy": cost("2"),
    "/api/v1/namespaces/proxymq/pods/idle": cost("0"),
  });
});
