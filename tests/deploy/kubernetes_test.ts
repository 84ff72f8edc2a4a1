import assert from "node:assert/strict";
import { join } from "node:path";
import { manual as dequeuer } from "../../dequeuer/config.ts";
import { manual as enqueuer } from "../../enqueuer/config.ts";
import { loadConfig } from "../../shared/config/config.ts";
import { parseDuration } from "../../shared/config/duration.ts";
import { requestQueue } from "../../shared/service_name.ts";
import { version } from "../../shared/version.ts";
import {
  type Container,
  containersOf,
  type Deployment,
  deployments,
  isThere,
  kustomizations,
  type Manifest,
  manifests,
} from "./manifests.ts";

/** The package that has the schemas of a kind: Kubernetes' own and KEDA's are published for npm. */
const schemas: Readonly<Record<string, string>> = {
  "apps/v1": "kubernetes-models/apps/v1",
  "v1": "kubernetes-models/v1",
  "policy/v1": "kubernetes-models/policy/v1",
  "networking.k8s.io/v1": "kubernetes-models/networking.k8s.io/v1",
  "rbac.authorization.k8s.io/v1": "kubernetes-models/rbac.authorization.k8s.io/v1",
  "keda.sh/v1alpha1": "@kubernetes-models/keda/keda.sh/v1alpha1",
};

/** Those for which no package is published; `deploy/kubernetes/README.md` says how they are checked. */
const withoutSchema = ["RabbitmqCluster"];

Deno.test("every manifest fits the schema of its kind", async () => {
  for (const [path, manifest] of manifests) {
    const { apiVersion, kind } = manifest;
    if (withoutSchema.includes(kind)) continue;
    const found = schemas[apiVersion];
    assert.ok(found, `${path}: no schema for ${apiVersion} ${kind}`);
    const { [kind]: Model } = await import(`${found}/${kind}`);
    assert.doesNotThrow(() => new Model(manifest).validate(), `${path}: ${kind}`);
  }
});

Deno.test("kustomizations name what is there", () => {
  for (const [folder, { kind, resources = [], components = [], ...rest }] of kustomizations) {
    const { patches = [], configMapGenerator = [] } = rest;
    assert.equal(kind, folder.startsWith("components/") ? "Component" : "Kustomization");
    const named = [
      ...resources,
      ...components,
      ...patches.map(({ path }) => path),
      ...configMapGenerator.flatMap(({ files }) => files),
    ];
    for (const name of named) assert.ok(isThere(folder, name), `${folder} names ${name}`);
  }
});

const manuals = { enqueuer, dequeuer };
const deployment = (name: string): Deployment => {
  const found = deployments.get(name);
  assert.ok(found);
  return found;
};
const api = deployment("api");
const microservice = deployment("url-fetcher");

function sidecar(of: Deployment): Container {
  const [found] = of.spec.template.spec.initContainers ?? [];
  assert.ok(found);
  return found;
}

/** The variables of a container that is told them by value, and a broker for the rest. */
function env({ env = [] }: Container): Map<string, string> {
  return new Map(env.map(({ name, value }) => [name, value ?? "amqp://broker"]));
}

const seconds = (duration = "") => (parseDuration(duration) ?? NaN) / 1000;

for (const [service, pod] of [["enqueuer", api], ["dequeuer", microservice]] as const) {
  Deno.test(`the ${service} is a native sidecar, configured as it understands`, () => {
    const container = sidecar(pod);
    assert.equal(container.name, service);
    assert.equal(container.image, `ghcr.io/proxymq/${service}:${version}`);
    assert.equal(container.restartPolicy, "Always");
    const given = env(container);
    const known = new Set(Object.keys(manuals[service].variables));
    assert.deepEqual([...given.keys()].filter((name) => !known.has(name)), []);
    loadConfig(manuals[service].variables, (name) => given.get(name));
  });

  Deno.test(`the ${service} is probed where it listens`, () => {
    const container = sidecar(pod);
    const { variables } = manuals[service];
    const port = variables[`${service.toUpperCase()}_PORT` as keyof typeof variables].default;
    assert.deepEqual(container.ports, [{ name: service, containerPort: Number(port) }]);
    const paths = [container.startupProbe, container.readinessProbe, container.livenessProbe]
      .map((probe) => [probe?.httpGet.port, probe?.httpGet.path]);
    assert.deepEqual(paths, [
      [service, "/health/live"],
      [service, "/health/ready"],
      [service, "/health/live"],
    ]);
    // Probes come over the pod's address.
    assert.equal(env(container).get(`${service.toUpperCase()}_HOST`), "0.0.0.0");
  });
}

Deno.test("a pod may take as long to end as what is in it takes to drain", () => {
  const drain = (container: Container, name: string, of: { readonly default?: string }) =>
    seconds(env(container).get(name) ?? of.default);
  const [beside] = microservice.spec.template.spec.containers;
  const draining = drain(
    sidecar(microservice),
    "DEQUEUER_DRAIN_TIMEOUT",
    dequeuer.variables.DEQUEUER_DRAIN_TIMEOUT,
  );
  const kept = beside?.lifecycle?.preStop.sleep?.seconds ?? 0;
  assert.ok(kept > draining, "the microservice is kept alive for the drain of its dequeuer");
  const { terminationGracePeriodSeconds: grace = 0 } = microservice.spec.template.spec;
  assert.ok(grace >= kept + 10, `${grace} s for ${kept} s and the end of the microservice`);
  const { preStop } = sidecar(microservice).lifecycle ?? {};
  assert.deepEqual(preStop?.exec?.command.at(-1), "/drain.ts");

  const [caller] = api.spec.template.spec.containers;
  const takes = (caller?.lifecycle?.preStop.sleep?.seconds ?? 0) +
    drain(sidecar(api), "ENQUEUER_REPLY_TIMEOUT", enqueuer.variables.ENQUEUER_REPLY_TIMEOUT) +
    drain(sidecar(api), "ENQUEUER_DRAIN_TIMEOUT", enqueuer.variables.ENQUEUER_DRAIN_TIMEOUT);
  assert.ok((api.spec.template.spec.terminationGracePeriodSeconds ?? 0) >= takes + 5);
});

Deno.test("containers may do no more than they have to", () => {
  for (const found of deployments.values()) {
    assert.equal(found.spec.template.spec.securityContext.runAsNonRoot, true);
    for (const container of containersOf(found)) {
      assert.deepEqual(container.securityContext, {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      }, container.name);
      assert.ok(container.resources?.limits.memory, container.name);
    }
  }
});

const scaled = manifests.filter(([, { kind }]) => kind === "ScaledObject");

interface Trigger {
  readonly type: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const triggersOf = ({ spec }: Manifest): readonly Trigger[] => spec.triggers;

Deno.test("scaling goes to none and back, and waits for longer than a job takes", () => {
  assert.equal(scaled.length, 2);
  const given = env(sidecar(microservice));
  const job = seconds(given.get("DEQUEUER_TIMEOUT"));
  for (const [path, { spec }] of scaled) {
    assert.equal(spec.scaleTargetRef.name, microservice.metadata.name, path);
    assert.equal(spec.minReplicaCount, 0);
    assert.ok(spec.cooldownPeriod > job);
    const { scaleDown } = spec.advanced.horizontalPodAutoscalerConfig.behavior;
    assert.ok(scaleDown.stabilizationWindowSeconds > job);
  }
});

Deno.test("what is in work counts as what waits, by what a pod does at once", () => {
  const given = env(sidecar(microservice));
  const service = given.get("DEQUEUER_SERVICE") ?? "";
  const at = (folder: string) => {
    const found = scaled.find(([path]) => path.startsWith(join("components", folder)));
    assert.ok(found);
    return found[1];
  };
  const [length, rate] = triggersOf(at("keda-rabbitmq")).map(({ metadata }) => metadata);
  assert.equal(length?.mode, "QueueLength");
  assert.equal(length?.excludeUnacknowledged, "false");
  assert.equal(length?.value, given.get("DEQUEUER_CONCURRENCY"));
  assert.equal(rate?.mode, "MessageRate");
  for (const metadata of [length, rate]) {
    assert.equal(metadata?.protocol, "http");
    assert.equal(metadata?.queueName, requestQueue(service));
  }

  const queues = at("keda-queues");
  const triggers = triggersOf(queues);
  const { formula, target } = queues.spec.advanced.scalingModifiers;
  assert.equal(formula, triggers.map(({ name }) => name).join(" + "));
  assert.equal(target, given.get("DEQUEUER_CONCURRENCY"));
  for (const { type, name, metadata } of triggers) {
    assert.equal(type, "metrics-api");
    assert.equal(metadata.valueLocation, name);
    assert.equal(new URL(metadata.url ?? "").pathname, `/queues/${service}`);
  }
  assert.deepEqual(triggers.map(({ name }) => name), ["ready", "in_flight"]);
});
