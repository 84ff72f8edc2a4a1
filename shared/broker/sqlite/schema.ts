import { BrokerError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { resultTables } from "./result_tables.ts";
import { spoolTables } from "./spool_tables.ts";

/** Marks a file as ours (SQLite's `application_id`): "PXMQ". */
export const APPLICATION_ID = 0x50584d51;
/** The values of `messages.state`. Queries spell them out, so that the partial indexes serve. */
export const READY = 0;
export const DELAYED = 1;
export const HELD = 2;

/**
 * What changes often (`messages`) is kept apart from what is large (`payloads`), so that a change
 * of state never rewrites a body. The ids are never used again: a token that outlived its message
 * cannot settle another one.
 */
const tables = `
CREATE TABLE queues (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  dead_letters INTEGER REFERENCES queues (id) -- null: it is itself a dead-letter queue
) STRICT;

CREATE TABLE bindings (
  pattern TEXT NOT NULL,
  queue INTEGER NOT NULL REFERENCES queues (id),
  PRIMARY KEY (pattern, queue)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of arrival
  queue INTEGER NOT NULL REFERENCES queues (id),
  state INTEGER NOT NULL, -- 0 ready, 1 delayed, 2 held
  rank INTEGER NOT NULL, -- 9 - priority
  attempt INTEGER NOT NULL,
  redeliveries INTEGER NOT NULL,
  visible_at INTEGER NOT NULL, -- since when it is ready, or when it will be; epoch ms
  expires_at INTEGER, -- epoch ms
  owner INTEGER -- the client that holds it
) STRICT;
CREATE INDEX messages_ready ON messages (queue, rank, id) WHERE state = 0;
CREATE INDEX messages_delayed ON messages (visible_at, queue) WHERE state = 1;
CREATE INDEX messages_held ON messages (owner, queue) WHERE state = 2;
CREATE INDEX messages_expiring ON messages (expires_at) WHERE expires_at IS NOT NULL AND state < 2;

CREATE TABLE payloads (
  id INTEGER PRIMARY KEY, -- the message's
  head TEXT NOT NULL, -- properties and headers, JSON
  body BLOB
) STRICT;

CREATE TABLE clients (
  id INTEGER PRIMARY KEY,
  lease_until INTEGER NOT NULL -- epoch ms
) STRICT;

CREATE TABLE consumers (
  queue INTEGER NOT NULL,
  client INTEGER NOT NULL,
  count INTEGER NOT NULL,
  waiting INTEGER NOT NULL, -- 1: has prefetch to spare, so a publisher wakes it
  PRIMARY KEY (queue, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE reply_queues (
  name TEXT PRIMARY KEY,
  client INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE broadcasts (
  name TEXT NOT NULL,
  queue TEXT NOT NULL, -- the reply queue that gets what is broadcast under the name
  client INTEGER NOT NULL,
  PRIMARY KEY (name, queue)
) STRICT, WITHOUT ROWID;

CREATE TABLE replies (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  client INTEGER NOT NULL,
  queue TEXT NOT NULL,
  head TEXT NOT NULL,
  body BLOB
) STRICT;
`;

/** What leads from each version of the schema to the next, from an empty file on. */
const steps = [tables, resultTables, spoolTables];
/** The schema that this version reads and writes (SQLite's `user_version`). */
export const SCHEMA_VERSION: number = steps.length;

/**
 * Makes the tables in an empty file, or those that an older version's file lacks; and refuses,
 * before anything is written, a file that is not ours or newer than we are.
 * @throws {BrokerError} a file of another program, or of a newer version.
 */
export function prepareSchema(connection: Connection): void {
  const version = versionOf(connection);
  if (version === SCHEMA_VERSION) return;
  if (version === 0) {
    connection.exec("PRAGMA auto_vacuum = INCREMENTAL");
    connection.useWriteAheadLog();
  }
  connection.begin();
  try {
    for (const step of steps.slice(versionOf(connection))) connection.exec(step);
    connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    connection.commit();
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

/** In one statement, so that it sees another process's making of the tables whole or not at all. */
const marks = `SELECT
  (SELECT count(*) FROM sqlite_schema) AS objects,
  (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT user_version FROM pragma_user_version) AS version`;

/** The version of the schema in a file, 0 in an empty one. */
function versionOf(connection: Connection): number {
  const { objects, application, version } = connection.get<
    { objects: number; application: number; version: number }
  >(marks) ?? { objects: 0, application: 0, version: 0 };
  if (application === APPLICATION_ID) {
    if (version >= 1 && version <= SCHEMA_VERSION) return version;
    throw new BrokerError(
      `${connection.path} has schema version ${version}, and this ProxyMQ reads versions up to ` +
        `${SCHEMA_VERSION}: use the ProxyMQ that made it, or another file`,
    );
  }
  if (application === 0 && version === 0 && objects === 0) return 0;
  throw new BrokerError(
    `${connection.path} is the database of another program (application_id ${application}); ` +
      `nothing was written to it`,
  );
}
