import assert from "node:assert/strict";
import { version } from "../shared/version.ts";
import { openapi } from "./openapi.ts";

Deno.test("the OpenAPI document is printed whole", async () => {
  const document = JSON.parse(await openapi());
  assert.equal(document.openapi, "3.1.0");
  assert.equal(document.info.version, version);
  assert.ok("/send" in document.paths && "/publish/{topic}" in document.paths);
});
