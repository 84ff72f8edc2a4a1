/**
 * Tells Kubernetes which pods are idle. Every few seconds it reads `dequeuer_in_flight` of each pod with
 * a dequeuer, and writes it as `controller.kubernetes.io/pod-deletion-cost`: of the pods that a
 * scale-down can choose from, those with the lowest cost go first. A pod is written to only when it has
 * become busy or idle, since each write is a change that the whole cluster hears of.
 *
 * It is a help and no guarantee: whoever is chosen all the same drains, and nothing is lost.
 *
 * @module
 */

const annotation = "controller.kubernetes.io/pod-deletion-cost";

/** The parts of a pod that are looked at. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly status?: { readonly podIP?: string };
}

/** Where Kubernetes and the pods are. */
export interface Cluster {
  /** Of the API server, e.g. `https://10.0.0.1:443`. */
  readonly api: string;
  readonly namespace: string;
  readonly token: string;
  /** Where a pod's dequeuer has its metrics. */
  readonly metricsUrl: (pod: Pod) => string;
  /** How long each call may take, milliseconds. */
  readonly timeoutMs: number;
}

/** How many calls to its microservice a dequeuer has under way, from its metrics. */
export function inFlight(metrics: string): number | undefined {
  const value = /^dequeuer_in_flight(?:\{.*\})? (\S+)$/m.exec(metrics)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** The cost that has to be written to a pod; undefined if what it has says the same. */
export function newCost(pod: Pod, calls: number): string | undefined {
  const cost = Number(pod.metadata.annotations?.[annotation] ?? 0);
  return (cost > 0) === (calls > 0) ? undefined : String(calls);
}

/** Looks at every pod once. Returns those that were written to, with their costs. */
export async function mark(cluster: Cluster): Promise<Map<string, string>> {
  const { api, namespace, token, metricsUrl, timeoutMs } = cluster;
  const pods = `${api}/api/v1/namespaces/${namespace}/pods`;
  const headers = { authorization: `Bearer ${token}` };
  const call = async (url: string, init: RequestInit = {}) => {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    if (response.ok) return response;
    throw new Error(`${init.method ?? "GET"} ${url}: ${response.status} ${await response.text()}`);
  };
  const selector = encodeURIComponent("proxymq/dequeuer=true");
  const list = await (await call(`${pods}?labelSelector=${selector}`, { headers })).json();
  const written = new Map<string, string>();
  await Promise.all(list.items.map(async (pod: Pod) => {
    if (!pod.status?.podIP || pod.metadata.deletionTimestamp) return;
    try {
      const calls = inFlight(await (await call(metricsUrl(pod))).text());
      const cost = calls === undefined ? undefined : newCost(pod, calls);
      if (cost === undefined) return;
      await (await call(`${pods}/${pod.metadata.name}`, {
        method: "PATCH",
        headers: { ...headers, "content-type": "application/merge-patch+json" },
        body: JSON.stringify({ metadata: { annotations: { [annotation]: cost } } }),
      })).body?.cancel();
      written.set(pod.metadata.name, cost);
    } catch (error) {
      console.error(`${pod.metadata.name}: ${error instanceof Error ? error.message : error}`);
    }
  }));
  return written;
}

async function main(): Promise<never> {
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  const host = Deno.env.get("KUBERNETES_SERVICE_HOST") ?? "";
  const port = Deno.env.get("KUBERNETES_SERVICE_PORT") ?? "443";
  const namespace = (await Deno.readTextFile(`${folder}/namespace`)).trim();
  const inBrackets = (address: string) => address.includes(":") ? `[${address}]` : address;
  while (true) {
    try {
      // Kubernetes renews the token's file.
      const token = (await Deno.readTextFile(`${folder}/token`)).trim();
      const written = await mark({
        api: `https://${inBrackets(host)}:${port}`,
        namespace,
        token,
        metricsUrl: (pod) => `http://${inBrackets(pod.status?.podIP ?? "")}:8081/metrics`,
        timeoutMs: 2_000,
      });
      for (const [pod, cost] of written) console.log(`${pod}: ${cost}`);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
}

if (import.meta.main) await main();
