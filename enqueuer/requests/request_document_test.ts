import assert from "node:assert/strict";
import type { RequestRecord } from "../../shared/results/result_store.ts";
import { asOf, requestSchema, toRequestDocument } from "./request_document.ts";

const record: RequestRecord = {
  id: "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f",
  service: "s",
  state: "queued",
  run: 0,
  attempt: 1,
  reason: "status-503",
  nextAttemptAt: 4_000,
  dueAt: 2_000,
  deadline: 10_000,
  createdAt: 1_000,
  updatedAt: 3_000,
  confirmed: true,
};

Deno.test("a record as JSON is what the OpenAPI document says", () => {
  const document = toRequestDocument({ ...record, state: "failed", status: 404 });
  assert.deepEqual(requestSchema.parse(document), document);
  assert.equal(document.next_attempt_at, "1970-01-01T00:00:04.000Z");
  assert.equal(document.response_status, 404);
});

Deno.test("a request that nobody has told of since its deadline has expired", () => {
  assert.equal(asOf(record, 14_999).state, "queued");
  const expired = asOf(record, 15_000);
  assert.deepEqual(
    [expired.state, expired.reason, expired.updatedAt, expired.nextAttemptAt],
    ["dead", "expired", 15_000, undefined],
  );
  const { deadline: _, ...patient } = record;
  for (
    const other of [
      patient,
      { ...record, state: "succeeded" } as const,
      { ...record, run: 1 },
    ]
  ) {
    assert.equal(asOf(other, 1_000_000), other);
  }
});
