/** The Kubernetes manifests below deploy/kubernetes, as the tests look at them. */

import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";

export const root = join(import.meta.dirname ?? ".", "..", "..");
const folder = join(root, "deploy", "kubernetes");

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: {
    readonly preStop: {
      readonly sleep?: { readonly seconds: number };
      readonly exec?: { readonly command: readonly string[] };
    };
  };
  readonly resources?: { readonly limits: { readonly memory?: string } };
  readonly securityContext?: {
    readonly readOnlyRootFilesystem: boolean;
    readonly allowPrivilegeEscalation: boolean;
    readonly capabilities: { readonly drop: readonly string[] };
  };
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // deno-lint-ignore no-explicit-any -- what it is depends on its kind
  readonly spec: any;
}

export interface Deployment extends Manifest {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly terminationGracePeriodSeconds?: number;
        readonly securityContext: { readonly runAsNonRoot: boolean };
        readonly initContainers?: readonly Container[];
        readonly containers: readonly Container[];
      };
    };
  };
}

/** The YAML files below deploy/kubernetes, by their paths there, with their documents. */
export const files: ReadonlyMap<string, readonly unknown[]> = new Map(
  globSync("**/*.yaml", { cwd: folder }).sort().map((path) => {
    const documents = parseAllDocuments(readFileSync(join(folder, path), "utf8"));
    return [
      path,
      documents.map((document) => {
        for (const error of document.errors) throw error;
        return document.toJS();
      }),
    ];
  }),
);

/** The kustomizations by their folders. */
export const kustomizations = new Map(
  [...files].filter(([path]) => path.endsWith("kustomization.yaml"))
    .map(([path, [document]]) => [dirname(path), document as Kustomization]),
);

export interface Kustomization {
  readonly kind: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly patches?: readonly { readonly path: string }[];
  readonly configMapGenerator?: readonly { readonly files: readonly string[] }[];
}

/** Every whole object, no patch and no kustomization, by where it stands. */
export const manifests: readonly (readonly [path: string, manifest: Manifest])[] = [...files]
  .filter(([path]) => !path.endsWith("kustomization.yaml"))
  .flatMap(([path, documents]) =>
    documents.filter((document) => !Array.isArray(document))
      .map((document) => [path, document as Manifest] as const)
  );

/** The deployments by name. */
export const deployments = new Map(
  manifests.filter(([, { kind }]) => kind === "Deployment")
    .map(([, manifest]) => [manifest.metadata.name, manifest as Deployment]),
);

/** All containers of a deployment. */
export function containersOf({ spec }: Deployment): Container[] {
  return [...spec.template.spec.initContainers ?? [], ...spec.template.spec.containers];
}

/** Whether there is such a file or folder below deploy/kubernetes. */
export function isThere(...path: string[]): boolean {
  return globSync(join(folder, ...path)).length > 0;
}
