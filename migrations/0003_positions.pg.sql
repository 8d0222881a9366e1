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

-- What their rules must not lose.
CREATE TABLE trailing_stops (
  venue                text COLLATE "C" NOT NULL,
  symbol               text COLLATE "C" NOT NULL,
  id                   text COLLATE "C" NOT NULL,
  opened_at            timestamptz NOT NULL,
  state                text NOT NULL CHECK (state IN ('inactive', 'waiting', 'active', 'triggered')),
  peak                 text NOT NULL,
  stop                 text,
  confirmed_stop       text,
  activation_confirmed boolean NOT NULL,
  last_number          bigint NOT NULL,
  decisions            bigint NOT NULL,
  updated_at           timestamptz NOT NULL,
  PRIMARY KEY (venue, symbol, id)
);

CREATE TABLE aged_positions (
  venue      text COLLATE "C" NOT NULL,
  symbol     text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  opened_at  timestamptz NOT NULL,
  phase      text NOT NULL CHECK (phase IN ('young', 'grace', 'progressive', 'emergency')),
  reached    boolean NOT NULL,
  exited     boolean NOT NULL,
  decisions  bigint NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (venue, symbol, id)
);

-- What was decided, in the order it was written; told after that.
CREATE TABLE position_decisions (
  seq                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id                  text COLLATE "C" NOT NULL UNIQUE,
  venue               text NOT NULL,
  symbol              text NOT NULL,
  position            text NOT NULL,
  opened_at           timestamptz NOT NULL,
  number              bigint NOT NULL,
  rule                text NOT NULL CHECK (rule IN ('trailing', 'aged')),
  type                text NOT NULL,
  price               text,
  stop                text,
  peak                text,
  target              text,
  phase               text NOT NULL,
  receive_age_seconds double precision,
  event_age_seconds   double precision,
  source              text NOT NULL,
  reason              text NOT NULL,
  created_at          timestamptz NOT NULL
);
CREATE INDEX position_decisions_by_time ON position_decisions (created_at);
