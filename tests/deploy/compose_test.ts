import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { manual as dequeuer } from "../../dequeuer/config.ts";
import { manual as enqueuer } from "../../enqueuer/config.ts";
import { loadConfig } from "../../shared/config/config.ts";
import { fileVariable } from "../../shared/config/secret_files.ts";
import { version } from "../../shared/version.ts";
import { stages } from "./dockerfile.ts";
import { root } from "./manifests.ts";

interface Service {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string; readonly target: string };
  readonly profiles?: readonly string[];
  readonly restart: string;
  readonly stop_grace_period: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly string[];
  readonly env_file?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly (string | { readonly source: string })[];
  readonly depends_on?: Readonly<
    Record<string, { readonly condition: string; readonly required?: boolean }>
  >;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: { readonly resources: { readonly limits: Readonly<Record<string, string>> } };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
  readonly configs?: Readonly<Record<string, { readonly file: string }>>;
}

const read = (path: string) => readFileSync(join(root, path), "utf8");
const development: Compose = parse(read("compose.yaml"), { merge: true });
const production: Compose = parse(read("compose.prod.yaml"), { merge: true });
const manuals = { enqueuer, dequeuer };
const brokers = ["rabbitmq", "redis", "kafka"];
const ours = ["enqueuer", "dequeuer", "url-fetcher"];

const secondsOf = (duration: string) => parseInt(duration) * (/^\d+m$/.test(duration) ? 60 : 1);

for (const [file, { services }] of Object.entries({ development, production })) {
  Deno.test(`${file}: what runs can be told apart, restarts, and is there when it is needed`, () => {
    for (
      const [name, { image, profiles, restart, healthcheck, depends_on = {} }] of Object.entries(
        services,
      )
    ) {
      match(restart, /^(unless-stopped|always)$/);
      if (image) match(image.replace(/\$\{\w+:-(.*)\}/, "$1"), /:\d+\.\d+\.\d+/, name);
      if (profiles) ok(healthcheck, `${name} has no health check`);
      for (const [needed, { condition, required }] of Object.entries(depends_on)) {
        equal(condition, "service_healthy");
        // One that is left out with its profile is not waited for.
        equal(required ?? true, !services[needed]?.profiles, `${name} needs ${needed}`);
      }
    }
  });

  Deno.test(`${file}: services are given longer to stop than they take to drain`, () => {
    for (const { environment = {}, stop_grace_period } of Object.values(services)) {
      for (const [name, drain] of Object.entries(environment)) {
        if (!name.endsWith("_DRAIN_TIMEOUT")) continue;
        ok(secondsOf(stop_grace_period) >= secondsOf(drain) + 10, `${stop_grace_period}, ${drain}`);
      }
    }
  });

  Deno.test(`${file}: our containers write nothing and may do nothing`, () => {
    for (const name of ours) {
      deepEqual([services[name]?.read_only, services[name]?.cap_drop], [true, ["ALL"]], name);
    }
  });

  Deno.test(`${file}: ports are open to this machine only`, () => {
    const ports = Object.values(services).flatMap(({ ports = [] }) => ports);
    deepEqual(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port)), []);
  });

  Deno.test(`${file}: the services understand what they are told, and find each other`, () => {
    for (const name of ["enqueuer", "dequeuer"] as const) {
      const { variables } = manuals[name];
      const given = { ...services[name]?.environment };
      const files = Object.keys(variables).filter((variable) => fileVariable(variable) in given);
      const known = [...Object.keys(variables), ...files.map(fileVariable), "NODE_EXTRA_CA_CERTS"];
      deepEqual(Object.keys(given).filter((variable) => !known.includes(variable)), []);
      loadConfig(variables, (variable) => given[variable]);
      equal(given[`${name.toUpperCase()}_HOST`], "0.0.0.0");
    }
    const { enqueuer, dequeuer } = services;
    equal(enqueuer?.environment?.ENQUEUER_SERVICES, dequeuer?.environment?.DEQUEUER_SERVICE);
    equal(dequeuer?.environment?.DEQUEUER_TARGET_URL, "http://url-fetcher:8082");
  });
}

Deno.test("QUEUE_TYPE switches the broker, and who uses it, by one profile", () => {
  const { services } = development;
  deepEqual(Object.keys(services).sort(), [...brokers, ...ours].sort());
  for (const broker of brokers) deepEqual(services[broker]?.profiles, [broker]);
  const chosen = "${QUEUE_TYPE:-rabbitmq}";
  for (const file of [".env", ".env.example"]) {
    ok(read(file).split("\n").includes(`COMPOSE_PROFILES=${chosen}`), file);
  }
  for (const side of [services.enqueuer, services.dequeuer]) {
    const path = side?.env_file ?? "";
    ok(path.includes(chosen));
    for (const broker of brokers) {
      const [, url = ""] = /^BROKER_URL=(\S+)$/m.exec(read(path.replace(chosen, broker))) ?? [];
      match(url, new RegExp(`@?${broker}:\\d+`));
      ok(`${broker}-data` in development.volumes);
    }
  }
});

Deno.test("the images of compose.yaml are those of the Dockerfile", () => {
  for (const name of ours) {
    const { build } = development.services[name] ?? {};
    deepEqual([build?.dockerfile, build?.target], ["deploy/docker/Dockerfile", name]);
    ok(stages.has(name), `the Dockerfile has no stage ${name}`);
  }
});

Deno.test("production: images of this version, limits, secrets in files alone", () => {
  const { services, secrets = {}, configs = {} } = production;
  for (const name of ours) {
    equal(services[name]?.image, `ghcr.io/proxymq/${name}:\${PROXYMQ_VERSION:-${version}}`);
  }
  for (const [name, { deploy }] of Object.entries(services)) {
    ok(deploy?.resources.limits.memory && deploy.resources.limits.cpus, name);
  }
  for (const { file } of Object.values(configs)) ok(existsSync(join(root, file)), file);
  const made = read("deploy/docker/make_secrets.sh");
  for (const { file } of Object.values(secrets)) {
    ok(made.includes(file.replace("secrets/", "")), `nothing makes ${file}`);
  }
  for (const [name, { environment = {}, secrets: given = [] }] of Object.entries(services)) {
    const names = given.map((one) => typeof one === "string" ? one : one.source);
    for (const [variable, value] of Object.entries(environment)) {
      if (!value.startsWith("/run/secrets/")) continue;
      ok(names.includes(value.replace("/run/secrets/", "")), `${name}: ${variable}`);
    }
    ok(!/PASS|COOKIE|BROKER_URL$|KEYS$/m.test(Object.keys(environment).join("\n")), name);
  }
});

Deno.test("production: a cluster of three whose nodes know each other", () => {
  const nodes = Object.entries(production.services)
    .filter(([, { profiles }]) => profiles?.includes("cluster")).map(([name]) => name);
  deepEqual(nodes, ["rabbitmq-1", "rabbitmq-2", "rabbitmq-3"]);
  const listed = [...read("deploy/docker/rabbitmq/cluster.conf").matchAll(/= rabbit@(\S+)$/gm)];
  deepEqual(listed.map(([, name]) => name), nodes);
  ok(read("deploy/docker/make_secrets.sh").includes(`hosts=${nodes.join(",")}`));
});
