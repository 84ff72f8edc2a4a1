import assert from "node:assert/strict";
import { KnownServices } from "./known_services.ts";

Deno.test("known are the services of the settings and those published to, each once", () => {
  const services = new KnownServices(["orders", "emails"]);
  for (const service of ["thumbnails", "emails", "thumbnails"]) services.published(service);
  assert.deepEqual(services.names, ["emails", "orders", "thumbnails"]);
});

Deno.test("of too many services the first are forgotten, and those of the settings never", () => {
  const services = new KnownServices(["zebra"], 2);
  for (const service of ["a", "b", "a", "c"]) services.published(service);
  assert.deepEqual(services.names, ["b", "c", "zebra"]);
  services.published("a");
  assert.deepEqual(services.names, ["a", "c", "zebra"]);
});
