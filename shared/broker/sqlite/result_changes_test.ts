import assert from "node:assert/strict";
import { TestFolder } from "../../../tests/sqlite/test_folder.ts";
import { abandonedAfterMs } from "../../results/result_store.ts";
import { Connection } from "./connection.ts";
import { cancel, enter, record } from "./result_changes.ts";
import { find, prepareResponse } from "./result_rows.ts";

const ttl = 1_000;
const service = "work";
const claim = { key: "key", fingerprint: "print" };
const response = prepareResponse({ status: 200, headers: {}, body: new Uint8Array(9) });
const succeeded = { id: "a", service, state: "succeeded" } as const;

function withConnection(test: (connection: Connection) => void): void {
  using folder = new TestFolder();
  const connection = new Connection(folder.file());
  try {
    test(connection);
  } finally {
    connection.close();
  }
}

function responses(connection: Connection): number | undefined {
  return connection.get<{ count: number }>("SELECT count(*) AS count FROM responses")?.count;
}

Deno.test("an id and a key that have expired are entered again, though they are still there", () =>
  withConnection((connection) => {
    const request = { id: "a", service, claim };
    enter(connection, request, ttl, 0);
    record(connection, succeeded, { response, ttl }, 10);
    assert.deepEqual(enter(connection, request, ttl, 20), { kind: "new" });
    assert.equal(find(connection, "a", 20)?.record.state, "succeeded");
    const other = enter(connection, { ...request, id: "b" }, ttl, 20);
    assert.equal(other.kind === "taken" && other.record.id, "a");

    assert.equal(find(connection, "a", 10 + ttl), undefined);
    assert.deepEqual(enter(connection, request, ttl, 10 + ttl), { kind: "new" });
    assert.equal(find(connection, "a", 10 + ttl)?.record.state, "queued");
    assert.equal(responses(connection), 0);

    record(connection, succeeded, { response, ttl }, 2_000);
    assert.deepEqual(enter(connection, { ...request, id: "b" }, ttl, 2_000 + ttl), { kind: "new" });
    assert.equal(find(connection, "b", 2_000 + ttl)?.record.claim?.key, "key");
    assert.equal(responses(connection), 0);
  }));

Deno.test("a change of a request that has expired enters it anew", () =>
  withConnection((connection) => {
    enter(connection, { id: "a", service, claim }, ttl, 0);
    record(connection, succeeded, { response, ttl }, 0);
    assert.ok(record(connection, succeeded, { response, ttl: 5 }, ttl));
    assert.equal(find(connection, "a", ttl + 4)?.record.claim, undefined);
    assert.equal(find(connection, "a", ttl + 5), undefined);
    assert.equal(responses(connection), 1);
  }));

Deno.test("who lost an abandoned key stays known, without it", () =>
  withConnection((connection) => {
    enter(connection, { id: "a", service, claim }, ttl, 0);
    const late = abandonedAfterMs;
    assert.equal(enter(connection, { id: "b", service, claim }, ttl, late - 1).kind, "taken");
    assert.equal(enter(connection, { id: "b", service, claim }, ttl, late).kind, "new");
    assert.deepEqual(find(connection, "a", late)?.record.claim, undefined);
    assert.equal(find(connection, "b", late)?.record.claim?.key, "key");
  }));

Deno.test("a cancel and a reopening take the response with them", () =>
  withConnection((connection) => {
    enter(connection, { id: "a", service }, ttl, 0);
    record(connection, { ...succeeded, state: "dead" }, { response, ttl }, 0);
    record(connection, { ...succeeded, state: "processing", run: 1 }, { ttl }, 1);
    assert.equal(responses(connection), 0);
    const { record: cancelled } = cancel(connection, "a", 100, 2);
    assert.deepEqual([cancelled?.state, cancelled?.run], ["cancelled", 1]);
    assert.equal(cancel(connection, "a", 100, 3).cancelled, false);
    assert.equal(record(connection, { ...succeeded, run: 1 }, { response, ttl }, 4), false);
    assert.equal(responses(connection), 0);
  }));
