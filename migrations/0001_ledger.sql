-- Schema of one provider object's own SQLite database. Applied in order inside the object, which notes in
-- `schema_version` how far it has come. Not wrangler's [[migrations]]: those declare object classes.

-- One row: every counter of the provider, as JSON. One admission writes one row.
CREATE TABLE ledger (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  state TEXT NOT NULL
) STRICT;

-- Targets (`model@format`) with failures, a cooldown or an open circuit.
CREATE TABLE health (
  target TEXT PRIMARY KEY,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Reservations whose outcome has been taken note of.
CREATE TABLE settled (
  id TEXT PRIMARY KEY,
  granted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
