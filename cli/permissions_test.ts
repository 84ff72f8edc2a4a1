import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };

const { permissions } = config;

Deno.test("proxymq may do what each of its commands may", () => {
  for (const name of ["enqueuer", "dequeuer", "dead_letters", "move", "top"] as const) {
    const lacks = permissions[name].env.filter((name) => !permissions.proxymq.env.includes(name));
    assert.deepEqual(lacks, [], name);
  }
});

Deno.test("the enqueuer on all cores reads what the enqueuer does", () => {
  assert.deepEqual(permissions.edge.env, permissions.enqueuer.env);
});
