-- What somebody has asked to be watched over. Numbers are decimals as text.
CREATE TABLE positions (
  venue         TEXT NOT NULL,
  symbol        TEXT NOT NULL,
  id            TEXT NOT NULL,
  side          TEXT NOT NULL CHECK (side IN ('long', 'short')),
  entry_price   TEXT NOT NULL,
  quantity      TEXT NOT NULL,
  opened_at     INTEGER NOT NULL,
  owner         TEXT NOT NULL,
  ttl_seconds   REAL,
  registered_at INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  expires_at    INTEGER,
  closed_at     INTEGER,
  PRIMARY KEY (venue, symbol, id)
) STRICT;
CREATE INDEX positions_by_end ON positions (closed_at);

-- What their rules must not lose.
CREATE TABLE trailing_stops (
  venue                TEXT NOT NULL,
  symbol               TEXT NOT NULL,
  id                   TEXT NOT NULL,
  opened_at            INTEGER NOT NULL,
  state                TEXT NOT NULL CHECK (state IN ('inactive', 'waiting', 'active', 'triggered')),
  peak                 TEXT NOT NULL,
  stop                 TEXT,
  confirmed_stop       TEXT,
  activation_confirmed INTEGER NOT NULL CHECK (activation_confirmed IN (0, 1)),
  last_number          INTEGER NOT NULL,
  decisions            INTEGER NOT NULL,
  updated_at           INTEGER NOT NULL,
  PRIMARY KEY (venue, symbol, id)
) STRICT;

CREATE TABLE aged_positions (
  venue      TEXT NOT NULL,
  symbol     TEXT NOT NULL,
  id         TEXT NOT NULL,
  opened_at  INTEGER NOT NULL,
  phase      TEXT NOT NULL CHECK (phase IN ('young', 'grace', 'progressive', 'emergency')),
  reached    INTEGER NOT NULL CHECK (reached IN (0, 1)),
  exited     INTEGER NOT NULL CHECK (exited IN (0, 1)),
  decisions  INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (venue, symbol, id)
) STRICT;

-- What was decided, in the order it was written; told after that.
CREATE TABLE position_decisions (
  seq                 INTEGER PRIMARY KEY AUTOINCREMENT,
  id                  TEXT NOT NULL UNIQUE,
  venue               TEXT NOT NULL,
  symbol              TEXT NOT NULL,
  position            TEXT NOT NULL,
  opened_at           INTEGER NOT NULL,
  number              INTEGER NOT NULL,
  rule                TEXT NOT NULL CHECK (rule IN ('trailing', 'aged')),
  type                TEXT NOT NULL,
  price               TEXT,
  stop                TEXT,
  peak                TEXT,
  target              TEXT,
  phase               TEXT NOT NULL,
  receive_age_seconds REAL,
  event_age_seconds   REAL,
  source              TEXT NOT NULL,
  reason              TEXT NOT NULL,
  created_at          INTEGER NOT NULL
) STRICT;
CREATE INDEX position_decisions_by_time ON position_decisions (created_at);
