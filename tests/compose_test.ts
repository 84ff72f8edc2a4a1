import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { parse } from "yaml";

interface Service {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string; readonly target: string };
  readonly restart: string;
  readonly stop_grace_period: string;
  readonly ports: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

const root = new URL("../", import.meta.url);
const compose: {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
} = parse(await readFile(new URL("compose.yaml", root), "utf8"), { merge: true });
const { services } = compose;
const dockerfile = await readFile(new URL("deploy/docker/Dockerfile", root), "utf8");
const stages = new Map(
  dockerfile.split(/^(?=FROM )/m).slice(1).map((stage) => {
    return [/^FROM \S+ AS (\S+)/.exec(stage)?.[1] ?? "", stage];
  }),
);

Deno.test("compose starts the broker, both services and the example", () => {
  deepEqual(Object.keys(services).sort(), ["dequeuer", "enqueuer", "rabbitmq", "url-fetcher"]);
  for (const [name, { build }] of Object.entries(services)) {
    if (!build) continue;
    deepEqual([build.dockerfile, build.target], ["deploy/docker/Dockerfile", name]);
    ok(stages.has(name), `the Dockerfile has no stage ${name}`);
  }
});

Deno.test("images are pinned", () => {
  match(services.rabbitmq?.image ?? "", /^rabbitmq:4\.\d+\.\d+-management$/);
  match(dockerfile, /^FROM denoland\/deno:\d+\.\d+\.\d+ AS base$/m);
  deepEqual(dockerfile.match(/^FROM (?!base )\S+/gm)?.length, 1);
});

Deno.test("everything has a health check and waits for the health of what it needs", () => {
  ok(services.rabbitmq?.healthcheck?.test.includes("check_port_connectivity"));
  match(stages.get("base") ?? "", /^HEALTHCHECK /m);
  for (const [name, { build, environment }] of Object.entries(services)) {
    if (!build) continue;
    const port = /^EXPOSE (\d+)$/m.exec(stages.get(name) ?? "")?.[1];
    match(stages.get(name) ?? "", new RegExp(`HEALTH_URL=http://127\\.0\\.0\\.1:${port}/health`));
    equal(Object.values(environment).includes("0.0.0.0"), true, `${name} listens on loopback`);
  }
  const needs = (name: string) => Object.entries(services[name]?.depends_on ?? {});
  for (const name of Object.keys(services)) {
    for (const [, { condition }] of needs(name)) equal(condition, "service_healthy");
  }
  deepEqual(needs("dequeuer").map(([name]) => name), ["rabbitmq", "url-fetcher"]);
  deepEqual(needs("enqueuer").map(([name]) => name), ["rabbitmq", "dequeuer"]);
});

Deno.test("ports are open to this machine only", () => {
  const ports = Object.values(services).flatMap(({ ports }) => ports);
  deepEqual(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port)), []);
});

Deno.test("services are given longer to stop than they take to drain, and restart", () => {
  for (const { restart, stop_grace_period, environment } of Object.values(services)) {
    equal(restart, "unless-stopped");
    const [, drain = "0s"] = Object.entries(environment).find(([name]) =>
      name.endsWith("_DRAIN_TIMEOUT")
    ) ?? [];
    ok(parseInt(stop_grace_period) > parseInt(drain), `${stop_grace_period} > ${drain}`);
  }
});

Deno.test("the services find each other", () => {
  const { enqueuer, dequeuer } = services;
  const service = dequeuer?.environment.DEQUEUER_SERVICE;
  equal(enqueuer?.environment.ENQUEUER_SERVICES, service);
  equal(dequeuer?.environment.DEQUEUER_TARGET_URL, "http://url-fetcher:8082");
  for (const side of [enqueuer, dequeuer]) {
    match(side?.environment.BROKER_URL ?? "", /^amqp:\/\/[^@]+@rabbitmq:5672$/);
  }
  ok("rabbitmq-data" in compose.volumes);
});

Deno.test("the images run as the user deno, on the frozen lock file", () => {
  match(stages.get("base") ?? "", /^USER deno$/m);
  for (const [name, stage] of stages) {
    if (name !== "base") match(stage, /^RUN deno cache --frozen \S+main\.ts$/m);
  }
});
