-- What somebody has asked to be watched over. Numbers are decimals as text.
CREATE TABLE positions (
  venue         text COLLATE "C" NOT NULL,
  symbol        text COLLATE "C" NOT NULL,
  id            text COLLATE "C" NOT NULL,
  side          text NOT NULL CHECK (side IN ('long', 'short')),
  entry_price   text NOT NULL,
  quantity      text NOT NULL,
  opened_at     timestamptz NOT NULL,
  owner         text NOT NULL,
  ttl_seconds   double precision,
  registered_at timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  expires_at    timestamptz,
  closed_at     timestamptz,
  PRIMARY KEY (venue, symbol, id)
);
CREATE INDEX positions_by_end ON positions (closed_at);
