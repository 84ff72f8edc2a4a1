/** A bill of materials in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/), made of deno.lock. */

/** The part of a deno.lock (version 5) that is read. */
export interface Lock {
  readonly version: string;
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly integrity: string;
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
}

/** What the bill is of. */
export interface Subject {
  readonly version: string;
  readonly license: string;
  /** The imports of its deno.json. */
  readonly imports: Readonly<Record<string, string>>;
  /** Those of them that its code needs when it runs. */
  readonly needed: Readonly<Record<string, string>>;
  /** When the bill was made, ISO 8601. */
  readonly timestamp: string;
  /** Of this bill, a UUID. */
  readonly serialNumber: string;
}

/**
 * Makes the bill. What only tests and scripts use has the scope `excluded`.
 * @throws {Error} the lock file cannot be read as one of version 5.
 */
export function billOfMaterials(lock: Lock, subject: Subject) {
  if (lock.version !== "5") throw new Error(`deno.lock has the version ${lock.version}, not 5`);
  const { version, license, imports, needed, timestamp, serialNumber } = subject;
  const packages = new Map(
    Object.entries(lock.npm).map(([key, locked]) => [key, read(key, locked)]),
  );
  const keyOf = (dependency: string) => {
    const found = packages.has(dependency)
      ? dependency
      : [...packages].find(([, { name }]) => name === dependency)?.[0];
    if (found === undefined) throw new Error(`deno.lock has no package ${dependency}`);
    return found;
  };
  const rootKeys = (wanted: Readonly<Record<string, string>>) =>
    Object.values(wanted).map((specifier) => {
      const name = specifier.slice("npm:".length).replace(/@[^@/]+$/, "");
      return keyOf(`${name}@${lock.specifiers[specifier] ?? specifier}`);
    });
  const dependenciesOf = (key: string) => {
    const { dependencies = [], optionalDependencies = [] } = lock.npm[key] ?? {};
    return [...dependencies, ...optionalDependencies].map(keyOf);
  };
  const required = new Set<string>();
  const pending = rootKeys(needed);
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    if (required.has(key)) continue;
    required.add(key);
    pending.push(...dependenciesOf(key));
  }
  const refOf = (key: string) => packages.get(key)?.ref ?? key;
  const itself = `pkg:github/proxymq/proxymq@${version}`;
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${serialNumber}`,
    version: 1,
    metadata: {
      timestamp,
      component: {
        type: "application",
        "bom-ref": itself,
        name: "proxymq",
        version,
        purl: itself,
        licenses: [{ license: { id: license } }],
      },
    },
    components: [...packages].map(([key, { name, version, ref, sha512 }]) => ({
      type: "library",
      "bom-ref": ref,
      name,
      version,
      scope: required.has(key) ? "required" : "excluded",
      purl: ref.split("#")[0],
      hashes: [{ alg: "SHA-512", content: sha512 }],
    })),
    dependencies: [
      { ref: itself, dependsOn: unique(rootKeys(imports).map(refOf)) },
      ...[...packages].map(([key, { ref }]) => ({
        ref,
        dependsOn: unique(dependenciesOf(key).map(refOf)),
      })),
    ],
  };
}

/** Reads `@scope/name@1.2.3_peer@4.5.6`: what stands behind the version tells peers, and copies apart. */
function read(key: string, { integrity }: LockedPackage) {
  const [, name, version, peers] = /^(@?[^@]+)@([^_]+)(.*)$/.exec(key) ?? [];
  const [, base64] = /^sha512-(.+)$/.exec(integrity) ?? [];
  if (!name || !version || !base64) throw new Error(`deno.lock: ${key} cannot be read`);
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return {
    name,
    version,
    ref: peers ? `${purl}#${peers}` : purl,
    sha512: Array.from(atob(base64), (char) => char.charCodeAt(0).toString(16).padStart(2, "0"))
      .join(""),
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
