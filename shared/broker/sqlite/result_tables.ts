/**
 * The tables of the result store, which the second version of the schema adds. As with messages,
 * what changes often is kept apart from what is large.
 */
export const resultTables = `
CREATE TABLE requests (
  id TEXT PRIMARY KEY,
  service TEXT NOT NULL,
  state TEXT NOT NULL,
  run INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  next_attempt_at INTEGER, -- all times in epoch ms
  reason TEXT,
  status INTEGER,
  due_at INTEGER,
  deadline INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  claim_key TEXT,
  claim_fingerprint TEXT,
  confirmed INTEGER NOT NULL,
  ttl INTEGER NOT NULL, -- that of the store by which it was entered, ms
  expires_at INTEGER, -- null: not as it is now
  response INTEGER -- null: there is none
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_expiring ON requests (expires_at) WHERE expires_at IS NOT NULL;
-- Those that are neither delayed nor tried again cost nothing here.
CREATE INDEX requests_delayed ON requests (coalesce(next_attempt_at, due_at), service)
  WHERE state = 'queued' AND coalesce(next_attempt_at, due_at) > 0;
CREATE UNIQUE INDEX requests_claims ON requests (claim_key) WHERE claim_key IS NOT NULL;

CREATE TABLE responses (
  id INTEGER PRIMARY KEY,
  head TEXT NOT NULL, -- its headers, as a message's are kept
  body BLOB
) STRICT;

CREATE TABLE cancellations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- their order, by which who listens knows the new ones
  request TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT;
CREATE INDEX cancellations_until ON cancellations (until);

CREATE TABLE watches (
  request TEXT NOT NULL,
  client INTEGER NOT NULL,
  PRIMARY KEY (request, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE watch_news (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  client INTEGER NOT NULL,
  request TEXT NOT NULL -- has changed
) STRICT;
`;
