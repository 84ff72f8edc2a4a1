/** The tables of the spools, which the third version of the schema adds. */
export const spoolTables = `
CREATE TABLE spools (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  heard_at INTEGER NOT NULL, -- when something was last written, epoch ms
  ended INTEGER NOT NULL -- 1: its last piece is there
) STRICT;

CREATE TABLE spool_pieces (
  spool INTEGER NOT NULL, -- one that is not in the table of spools is being removed
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL, -- of the body, bytes
  last INTEGER NOT NULL,
  error TEXT,
  body BLOB NOT NULL,
  UNIQUE (spool, seq)
) STRICT;
CREATE INDEX spool_pieces_at ON spool_pieces (spool, at, seq);

CREATE TABLE deleted_spools (
  id INTEGER PRIMARY KEY -- some of its pieces are still there
) STRICT;
`;
