-- Who has taken an alert on.
ALTER TABLE alerts ADD COLUMN acked_at INTEGER;
ALTER TABLE alerts ADD COLUMN acked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN ack_comment TEXT NOT NULL DEFAULT '';

CREATE TABLE silences (
  id         TEXT PRIMARY KEY NOT NULL,
  matchers   TEXT NOT NULL,
  starts_at  INTEGER NOT NULL,
  ends_at    INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  comment    TEXT NOT NULL
) STRICT;
CREATE INDEX silences_by_end ON silences (ends_at);

-- One row per mark of a pulse: when it was last heard, and how often.
CREATE TABLE pulses (
  name   TEXT NOT NULL,
  mark   TEXT NOT NULL CHECK (mark IN ('beat', 'started', 'failed')),
  at     INTEGER NOT NULL,
  detail TEXT NOT NULL,
  count  INTEGER NOT NULL,
  PRIMARY KEY (name, mark)
) STRICT;

-- Prices are decimals as text, as venues send them.
CREATE TABLE aged_monitoring_events (
  id                     TEXT PRIMARY KEY NOT NULL,
  aged_position_id       TEXT NOT NULL,
  event_type             TEXT NOT NULL,
  market_price           TEXT,
  target_price           TEXT,
  price_distance_percent REAL,
  action_taken           TEXT NOT NULL,
  success                INTEGER CHECK (success IN (0, 1)),
  error_message          TEXT NOT NULL,
  event_metadata         TEXT NOT NULL,
  created_at             INTEGER NOT NULL
) STRICT;
CREATE INDEX aged_monitoring_events_by_position ON aged_monitoring_events (aged_position_id, created_at);
CREATE INDEX aged_monitoring_events_by_time ON aged_monitoring_events (created_at);
