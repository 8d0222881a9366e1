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
