import { deepEqual, equal, match, ok } from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { manual as dequeuer } from "../../dequeuer/config.ts";
import { manual as enqueuer } from "../../enqueuer/config.ts";
import { dockerfile, images, stages } from "./dockerfile.ts";

Deno.test("images are pinned, and of one version of Deno", () => {
  const from = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? "")
    .filter((image) => !stages.has(image));
  deepEqual(from, [
    "denoland/deno:2.9.6",
    "denoland/deno:bin-2.9.6",
    "gcr.io/distroless/cc-debian12:nonroot",
  ]);
});

Deno.test("images run as a user that owns nothing, on what was cached at their build", () => {
  const base = stages.get("base") ?? "";
  match(base, /^FROM gcr\.io\/distroless\//m);
  match(base, /^USER 65532:65532$/m);
  match(base, /^ENTRYPOINT \["deno", "run", "-q", "--cached-only", "--frozen"\]$/m);
  match(base, /^HEALTHCHECK /m);
  for (const image of images) ok(!stages.get(image)?.includes("USER "), image);
});

Deno.test("each image runs what its task runs, with the task's permissions", () => {
  for (const image of images) {
    const task = image === "url-fetcher" ? "example:url_fetcher" : image;
    const { command } = config.tasks[task];
    const [, words = ""] = /^CMD \[(.*)\]$/m.exec(stages.get(image) ?? "") ?? [];
    const given: string[] = JSON.parse(`[${words}]`);
    equal(`deno run -q ${given.join(" ")}`, command);
    const main = given.at(-1) ?? "";
    const files = stages.get(`${image}-files`) ?? "";
    ok(files.includes(`deno cache --frozen=false ${main}`), `${image} has the packages of ${main}`);
  }
});

Deno.test("health is asked where each service listens", () => {
  const ports = {
    enqueuer: enqueuer.variables.ENQUEUER_PORT.default,
    dequeuer: dequeuer.variables.DEQUEUER_PORT.default,
    "url-fetcher": "8082",
  };
  for (const image of images) {
    const stage = stages.get(image) ?? "";
    equal(/^EXPOSE (\d+)$/m.exec(stage)?.[1], ports[image]);
    match(stage, new RegExp(`HEALTH_URL=http://127\\.0\\.0\\.1:${ports[image]}/health`));
    match(stage, /^ENV [A-Z_]+_HOST=0\.0\.0\.0 /m);
  }
});

Deno.test("the health check ends with 0 where health is well, else with 1", async () => {
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => new Response("", { status: request.url.endsWith("/well") ? 200 : 503 }),
  );
  const [, words = ""] = /^HEALTHCHECK[^\[]*CMD \[(.*)\]$/ms.exec(stages.get("base") ?? "") ?? [];
  const [, ...args]: string[] = JSON.parse(`[${words.split("]")[0]}]`);
  const script = new URL("../../deploy/docker/health.ts", import.meta.url).pathname;
  const check = async (path: string) => {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: args.map((arg) => arg === "/health.ts" ? script : arg),
      env: { HEALTH_URL: `http://127.0.0.1:${server.addr.port}${path}` },
      stderr: "null",
    }).output();
    return code;
  };
  deepEqual(await Promise.all([check("/well"), check("/ill")]), [0, 1]);
});
