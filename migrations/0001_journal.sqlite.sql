-- One row an alert; at most one open alert an identity (semantics §9).
CREATE TABLE alerts (
  id          TEXT PRIMARY KEY NOT NULL,
  name        TEXT NOT NULL,
  identity    TEXT NOT NULL,
  severity    TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('firing', 'resolved')),
  message     TEXT NOT NULL,
  metadata    TEXT NOT NULL,
  labels      TEXT NOT NULL,
  started_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  resolved_at INTEGER
) STRICT;
CREATE UNIQUE INDEX alerts_one_open ON alerts (identity) WHERE state <> 'resolved';
CREATE INDEX alerts_by_start ON alerts (started_at);

-- `seq` counts the rows of its table in the order they were committed.
CREATE TABLE alert_transitions (
  seq        INTEGER PRIMARY KEY NOT NULL,
  alert_id   TEXT NOT NULL,
  at         INTEGER NOT NULL,
  from_state TEXT NOT NULL,
  to_state   TEXT NOT NULL,
  severity   TEXT NOT NULL,
  message    TEXT NOT NULL
) STRICT;
CREATE INDEX alert_transitions_by_alert ON alert_transitions (alert_id, seq);

-- The outbox: written in the transaction of the transition it tells of.
CREATE TABLE notifications (
  id          TEXT PRIMARY KEY NOT NULL,
  alert_id    TEXT NOT NULL,
  sink        TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  payload     TEXT NOT NULL,
  attempts    INTEGER NOT NULL,
  created_at  INTEGER NOT NULL,
  finished_at INTEGER,
  last_error  TEXT NOT NULL
) STRICT;
CREATE INDEX notifications_pending ON notifications (created_at) WHERE state = 'pending';

CREATE TABLE stream_transitions (
  seq         INTEGER PRIMARY KEY NOT NULL,
  stream      TEXT NOT NULL,
  at          INTEGER NOT NULL,
  from_level  TEXT NOT NULL,
  to_level    TEXT NOT NULL,
  reason      TEXT NOT NULL,
  fault       INTEGER NOT NULL CHECK (fault IN (0, 1)),
  age_seconds REAL,
  merged      INTEGER NOT NULL
) STRICT;
CREATE INDEX stream_transitions_by_stream ON stream_transitions (stream, seq);
CREATE INDEX stream_transitions_by_time ON stream_transitions (at);

CREATE TABLE repairs (
  id         TEXT PRIMARY KEY NOT NULL,
  stream     TEXT NOT NULL,
  step       TEXT NOT NULL,
  line       TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER,
  ok         INTEGER CHECK (ok IN (0, 1)),
  detail     TEXT NOT NULL
) STRICT;
CREATE INDEX repairs_by_start ON repairs (started_at);

-- Small durable records by key (StateStore): opaque bytes.
CREATE TABLE state (
  key        TEXT PRIMARY KEY NOT NULL,
  value      BLOB NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- Keys of batches that have taken effect, so that a replay changes nothing. Pruned by age.
CREATE TABLE committed_batches (
  idempotency_key TEXT PRIMARY KEY NOT NULL,
  committed_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX committed_batches_by_time ON committed_batches (committed_at);
