import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "prom-client";
import { parse } from "yaml";
import { createMetrics as dequeuerMetrics } from "../../dequeuer/metrics.ts";
import { createMetrics as enqueuerMetrics } from "../../enqueuer/metrics.ts";
import { findCommand } from "../../scripts/services/process.ts";
import { addProcessMetrics } from "../../shared/metrics.ts";
import { root } from "./manifests.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

const read = (path: string) => readFileSync(join(root, path), "utf8");
const rulesOf = (path: string): readonly Rule[] =>
  parse(read(path)).groups.flatMap(({ rules }: { rules: Rule[] }) => rules);

const ours = rulesOf("deploy/prometheus/alerts.yaml");
const rabbitmqs = rulesOf("deploy/prometheus/rabbitmq_alerts.yaml");
const dashboard = read("deploy/grafana/proxymq.json");

/** The labels of each metric that the services tell, by its name. */
async function known(): Promise<Map<string, readonly string[]>> {
  const processes = new Registry();
  addProcessMetrics(processes, () => ({ connected: true, detail: "" }));
  const registries = [
    enqueuerMetrics({ waiting: () => 0, openStreams: () => 0 }).registry,
    dequeuerMetrics("thumbnails", {
      inFlight: () => 0,
      openStreams: () => 0,
      breaker: () => "closed",
      concurrency: () => 0,
      batchSize: () => 1,
      prefetch: () => 0,
    }).registry,
    processes,
  ];
  const found = new Map<string, readonly string[]>();
  for (const registry of registries) {
    for (const { name, type } of await registry.getMetricsAsJSON()) {
      const metric = registry.getSingleMetric(name) as unknown as { labelNames: string[] };
      const labels = [...metric.labelNames, ...(name.startsWith("dequeuer_") ? ["service"] : [])];
      if (type.toString() !== "histogram") found.set(name, labels);
      else {
        for (const part of ["bucket", "sum", "count"]) {
          found.set(`${name}_${part}`, [...labels, "le"]);
        }
      }
    }
  }
  return found;
}

/** What Prometheus itself adds. */
const added = ["job", "instance"];

/** The metrics of ours in an expression, each with the labels that it is selected by. */
function named(
  expression: string,
): { readonly name: string; readonly labels: readonly string[] }[] {
  return [...expression.matchAll(/\b((?:enqueuer|dequeuer|proxymq|process)_\w+)(?:\{([^}]*)\})?/g)]
    .map(([, name = "", selector = ""]) => ({
      name,
      labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label),
    }));
}

const expressions = [
  ...ours.map(({ alert, expr }) => [alert, expr] as const),
  ...[...dashboard.matchAll(/"(?:expr|query|definition)": ("(?:[^"\\]|\\.)*")/g)]
    .map(([, text = ""]) => ["the dashboard", JSON.parse(text) as string] as const),
];

Deno.test("alerts and dashboard ask for metrics and labels that there are", async () => {
  const metrics = await known();
  const used = new Set<string>();
  for (const [where, expression] of expressions) {
    for (const { name, labels } of named(expression)) {
      const has = metrics.get(name);
      assert.ok(has, `${where}: there is no metric ${name}`);
      for (const label of labels) {
        assert.ok([...has, ...added].includes(label), `${where}: ${name} has no ${label}`);
      }
      used.add(name);
    }
  }
  assert.ok(used.size > 15, `${used.size} metrics are looked at`);
});

Deno.test("every alert has a test, and a severity", () => {
  const tested: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[] =
    parse(read("deploy/prometheus/alerts_test.yaml")).tests;
  const fired = new Set(
    tested.flatMap(({ alert_rule_test }) => alert_rule_test)
      .filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
  );
  for (const { alert, labels } of [...ours, ...rabbitmqs]) {
    assert.ok(fired.has(alert), alert);
    assert.match(labels.severity ?? "", /^(critical|warning|info)$/);
  }
});

const promtool = findCommand("promtool", ["/usr/local/bin"]);

Deno.test({
  name: promtool
    ? "the alerts fire when they should (promtool)"
    : "the alerts fire when they should (ignored: promtool is not installed)",
  ignore: promtool === undefined,
  async fn() {
    const { code, stdout, stderr } = await new Deno.Command(promtool ?? "", {
      args: ["test", "rules", "alerts_test.yaml"],
      cwd: join(root, "deploy/prometheus"),
    }).output();
    const text = new TextDecoder();
    assert.equal(code, 0, text.decode(stdout) + text.decode(stderr));
  },
});
