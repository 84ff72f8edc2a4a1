/**
 * `deno task sbom`: prints a bill of materials, CycloneDX 1.6, made of deno.lock.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { neededImports, readCode } from "../../deploy/docker/needed.ts";
import { billOfMaterials } from "./sbom.ts";

const help = `deno task sbom > proxymq.cdx.json

Prints a bill of materials in CycloneDX 1.6: every package in deno.lock with its checksum and what it
needs. What only tests and scripts use has the scope "excluded".
`;

if (import.meta.main) {
  if (Deno.args.length > 0) {
    console.log(help);
    Deno.exit(Deno.args[0] === "--help" || Deno.args[0] === "-h" ? 0 : 2);
  }
  const root = join(import.meta.dirname ?? ".", "..", "..");
  const code = readCode(["shared", "enqueuer", "dequeuer"].map((folder) => join(root, folder)));
  const bill = billOfMaterials(JSON.parse(readFileSync(join(root, "deno.lock"), "utf8")), {
    version: config.version,
    license: config.license,
    imports: config.imports,
    needed: neededImports(config.imports, code),
    timestamp: new Date().toISOString(),
    serialNumber: crypto.randomUUID(),
  });
  console.log(JSON.stringify(bill, null, 2));
}
