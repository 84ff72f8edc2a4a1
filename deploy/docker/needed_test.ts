import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { neededImports, readCode } from "./needed.ts";

const root = join(import.meta.dirname ?? ".", "..", "..");
const needed = (...folders: string[]) =>
  Object.keys(neededImports(config.imports, readCode(folders.map((folder) => join(root, folder)))));

Deno.test("what is imported is kept, also below a package and at run time", () => {
  const imports = {
    a: "npm:a@1",
    "@b/c": "npm:@b/c@1",
    d: "npm:d@1",
    ab: "npm:ab@1",
    e: "npm:e@1",
  };
  const code = `import x from "a";
    export { y } from "@b/c/deep";
    await import("d");
    import "node:fs"; // e`;
  assert.deepEqual(Object.keys(neededImports(imports, code)), ["a", "@b/c", "d"]);
});

Deno.test("images get the packages of their service, and none of the tests'", () => {
  const enqueuer = needed("shared", "enqueuer");
  for (const name of ["@cloudamqp/amqp-client", "hono", "swagger-ui-dist", "zod"]) {
    assert.ok(enqueuer.includes(name), name);
  }
  const dequeuer = needed("shared", "dequeuer");
  assert.ok(dequeuer.includes("undici"));
  for (const name of ["playwright-core", "kubernetes-models", "fast-check", "amqplib"]) {
    assert.ok(![...enqueuer, ...dequeuer].includes(name), name);
  }
});
