import assert from "node:assert/strict";
import { Problem, type ProblemType, problemTypes } from "./problem.ts";

Deno.test("a problem is an RFC 9457 document with the request's id", async () => {
  const problem = new Problem("broker-unavailable", {
    detail: "not connected",
    requestId: "id-1",
    retryAfter: 2,
  });
  const response = problem.toResponse();
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(response.headers.get("retry-after"), "2");
  assert.equal(response.headers.get("proxymq-request-id"), "id-1");
  assert.deepEqual(await response.json(), {
    type: "urn:proxymq:problem:broker-unavailable",
    title: "The queue cannot be reached",
    status: 503,
    detail: "not connected",
    request_id: "id-1",
  });
});

Deno.test("a problem of a request that had no id yet has a new one", () => {
  const problem = new Problem("not-found", { detail: "nothing" });
  const { request_id: id } = problem.toDocument();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(problem.toHeaders()["proxymq-request-id"], id);
  const another = new Problem("not-found", { detail: "nothing" });
  assert.notEqual(another.toDocument().request_id, id);
});

Deno.test("docs/problems.md lists every type with its status", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/problems.md", import.meta.url));
  const listed = [...page.matchAll(/^\| `([a-z-]+)`\s*\| (\d+)\s*\|/gm)].map(([, type, status]) => [
    type,
    Number(status),
  ]);
  const types = Object.keys(problemTypes) as ProblemType[];
  assert.deepEqual(listed, types.map((type) => [type, problemTypes[type].status]));
});
