import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { billOfMaterials, type Lock } from "./sbom.ts";

const subject = {
  version: "1.2.3",
  license: "MIT",
  timestamp: "2026-11-24T00:00:00Z",
  serialNumber: "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f",
};

const integrity = `sha512-${btoa("\x00\x01\xff")}`;
const lock: Lock = {
  version: "5",
  specifiers: { "npm:@a/b@1.0.0": "1.0.0_zod@4.0.0", "npm:tester@2.0.0": "2.0.0" },
  npm: {
    "@a/b@1.0.0_zod@4.0.0": { integrity, dependencies: ["zod"] },
    "zod@4.0.0": { integrity },
    "tester@2.0.0": { integrity, dependencies: ["deep@1.0.0"] },
    "deep@1.0.0": { integrity },
    "deep@2.0.0": { integrity },
  },
};
const imports = { "@a/b": "npm:@a/b@1.0.0", tester: "npm:tester@2.0.0" };

Deno.test("every package is in it, with what it needs, and whether it is needed to run", () => {
  const { components, dependencies, metadata } = billOfMaterials(lock, {
    ...subject,
    imports,
    needed: { "@a/b": imports["@a/b"] },
  });
  assert.deepEqual(components.map(({ purl, scope }) => [purl, scope]), [
    ["pkg:npm/%40a/b@1.0.0", "required"],
    ["pkg:npm/zod@4.0.0", "required"],
    ["pkg:npm/tester@2.0.0", "excluded"],
    ["pkg:npm/deep@1.0.0", "excluded"],
    ["pkg:npm/deep@2.0.0", "excluded"],
  ]);
  assert.deepEqual(components[0]?.hashes, [{ alg: "SHA-512", content: "0001ff" }]);
  assert.deepEqual(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]).slice(0, 4), [
    [metadata.component["bom-ref"], ["pkg:npm/%40a/b@1.0.0#_zod@4.0.0", "pkg:npm/tester@2.0.0"]],
    ["pkg:npm/%40a/b@1.0.0#_zod@4.0.0", ["pkg:npm/zod@4.0.0"]],
    ["pkg:npm/zod@4.0.0", []],
    ["pkg:npm/tester@2.0.0", ["pkg:npm/deep@1.0.0"]],
  ]);
});

Deno.test("the project's own lock file can be read, and references lead somewhere", () => {
  const own: Lock = JSON.parse(
    readFileSync(join(import.meta.dirname ?? ".", "../../deno.lock"), "utf8"),
  );
  const bill = billOfMaterials(own, {
    ...subject,
    imports: config.imports,
    needed: { hono: config.imports.hono },
  });
  const refs = new Set(bill.components.map((component) => component["bom-ref"]));
  assert.equal(refs.size, Object.keys(own.npm).length);
  for (const { dependsOn } of bill.dependencies) {
    for (const ref of dependsOn) assert.ok(refs.has(ref), ref);
  }
  assert.deepEqual(
    bill.components.filter(({ scope }) => scope === "required").map(({ name }) => name),
    ["hono"],
  );
});

Deno.test("a lock file of another form, or one that lacks something, is refused", () => {
  const bill = (lock: Lock) => billOfMaterials(lock, { ...subject, imports, needed: {} });
  assert.throws(() => bill({ ...lock, version: "6" }), /version 6/);
  assert.throws(() => bill({ ...lock, npm: {} }), /no package @a\/b/);
});
