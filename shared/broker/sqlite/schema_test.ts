import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";
import { Connection } from "./connection.ts";
import { open } from "./driver.ts";
import { resultTables } from "./result_tables.ts";
import { spoolTables } from "./spool_tables.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { TestFolder } from "../../../tests/sqlite/test_folder.ts";

const options = { name: "test" };

function rejectsNaming(promise: Promise<unknown>, ...parts: string[]): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof BrokerError);
    for (const part of parts) assert.ok(error.message.includes(part), error.message);
    return true;
  });
}

Deno.test("a new file gets our schema, and is opened again as it is", () => {
  using folder = new TestFolder();
  new Connection(folder.file()).close();
  const again = new Connection(folder.file());
  assert.equal(again.pragma("user_version"), SCHEMA_VERSION);
  assert.equal(again.pragma("auto_vacuum"), 2);
  again.close();
});

Deno.test("the database of another program is refused and not written to", async () => {
  using folder = new TestFolder();
  const foreign = new DatabaseSync(folder.file());
  foreign.exec("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
  foreign.close();
  const before = Deno.readFileSync(folder.file());
  await rejectsNaming(open(folder.url(), options), folder.file(), "another program");
  assert.deepEqual(Deno.readFileSync(folder.file()), before);
  assert.deepEqual(folder.names(), ["broker.db"]);
});

Deno.test("a newer version's file is refused, with both versions", async () => {
  using folder = new TestFolder();
  const connection = new Connection(folder.file());
  connection.exec("PRAGMA user_version = 7");
  connection.close();
  const versions = ["version 7", `up to ${SCHEMA_VERSION}`];
  await rejectsNaming(open(folder.url(), options), folder.file(), ...versions);
});

Deno.test("a file that is no database is refused and not written to", async () => {
  using folder = new TestFolder();
  const text = "not a database, but long enough to be taken for one. ".repeat(20);
  Deno.writeTextFileSync(folder.file(), text);
  await rejectsNaming(open(folder.url(), options), folder.file(), "not a database");
  assert.equal(Deno.readTextFileSync(folder.file()), text);
});

Deno.test("a folder that does not exist is an error with the path in it", async () => {
  using folder = new TestFolder();
  const opening = open(folder.url("missing/broker.db"), options);
  await rejectsNaming(opening, folder.file("missing/broker.db"));
  await assert.rejects(opening, BrokerUnavailableError);
});

Deno.test("two that make the file at the same time both succeed", async () => {
  using folder = new TestFolder();
  Deno.mkdirSync(folder.file("real"));
  Deno.symlinkSync(folder.file("real"), folder.file("link"));
  const brokers = await Promise.all([
    open(folder.url("real/broker.db"), options),
    open(folder.url("link/broker.db"), options),
  ]);
  for (const broker of brokers) await broker[Symbol.asyncDispose]();
});

const later: readonly [number, string][] = [[1, resultTables + spoolTables], [2, spoolTables]];

for (const [version, tables] of later) {
  Deno.test(`a file of version ${version} gets what it lacks, in place`, () => {
    return bringsUpToDate(version, tables);
  });
}

async function bringsUpToDate(version: number, tables: string): Promise<void> {
  using folder = new TestFolder();
  const queue = { kind: "work", name: "work", deadLetterQueue: "dead" } as const;
  {
    await using broker = await open(folder.url(), options);
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, [{ body: new Uint8Array(9), headers: {} }]);
  }
  const before = new DatabaseSync(folder.file());
  for (const [, table] of tables.matchAll(/CREATE TABLE (\w+)/g)) {
    before.exec(`DROP TABLE ${table}`);
  }
  before.exec(`PRAGMA user_version = ${version}`);
  before.close();

  const brokers = await Promise.all([1, 2].map(() => open(folder.url(), options)));
  for (const broker of brokers) {
    assert.equal((await broker.stats(queue.name)).ready, 1);
    const results = broker.results({ ttlMs: 60_000, lookUps: true });
    await results.enter({ id: "a", service: "work" });
    assert.equal((await results.get("a"))?.state, "queued");
    await broker.spools().create("a");
    assert.equal(await broker.spools().look("a", 60_000), "growing");
  }
  for (const broker of brokers) await broker[Symbol.asyncDispose]();
  const after = new Connection(folder.file());
  assert.equal(after.pragma("user_version"), SCHEMA_VERSION);
  after.close();
}
