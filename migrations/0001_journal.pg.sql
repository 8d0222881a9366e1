-- Everything is in the schema feedwatch (the runner creates it and makes it the search path). Texts that
-- order or identify compare byte by byte, as in SQLite.
CREATE TABLE alerts (
  id          text COLLATE "C" PRIMARY KEY,
  name        text COLLATE "C" NOT NULL,
  identity    text COLLATE "C" NOT NULL,
  severity    text NOT NULL,
  state       text NOT NULL CHECK (state IN ('firing', 'resolved')),
  message     text NOT NULL,
  metadata    text NOT NULL,
  labels      text NOT NULL,
  started_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  resolved_at timestamptz,
  acked_at    timestamptz,
  acked_by    text NOT NULL DEFAULT '',
  ack_comment text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX alerts_one_open ON alerts (identity) WHERE state <> 'resolved';
CREATE INDEX alerts_by_start ON alerts (started_at);
CREATE INDEX alerts_by_end ON alerts (resolved_at) WHERE state = 'resolved';

-- `seq` counts the rows of its table in the order they were committed (with gaps).
CREATE TABLE alert_transitions (
  seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id   text COLLATE "C" NOT NULL,
  at         timestamptz NOT NULL,
  from_state text NOT NULL,
  to_state   text NOT NULL,
  severity   text NOT NULL,
  message    text NOT NULL
);
CREATE INDEX alert_transitions_by_alert ON alert_transitions (alert_id, seq);

-- The outbox: written in the transaction of the transition it tells of.
CREATE TABLE notifications (
  id          text COLLATE "C" PRIMARY KEY,
  alert_id    text COLLATE "C" NOT NULL,
  sink        text NOT NULL,
  state       text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
  payload     text NOT NULL,
  attempts    bigint NOT NULL,
  created_at  timestamptz NOT NULL,
  finished_at timestamptz,
  last_error  text NOT NULL
);
CREATE INDEX notifications_pending ON notifications (created_at) WHERE state = 'pending';
CREATE INDEX notifications_by_alert ON notifications (alert_id);

CREATE TABLE stream_transitions (
  seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stream      text COLLATE "C" NOT NULL,
  at          timestamptz NOT NULL,
  from_level  text NOT NULL,
  to_level    text NOT NULL,
  reason      text NOT NULL,
  fault       boolean NOT NULL,
  age_seconds double precision,
  merged      bigint NOT NULL
);
CREATE INDEX stream_transitions_by_stream ON stream_transitions (stream, seq);
CREATE INDEX stream_transitions_by_time ON stream_transitions (at);

CREATE TABLE repairs (
  id          text COLLATE "C" PRIMARY KEY,
  stream      text COLLATE "C" NOT NULL,
  step        text NOT NULL,
  line        text NOT NULL,
  started_at  timestamptz NOT NULL,
  ended_at    timestamptz,
  ok          boolean,
  detail      text NOT NULL,
  topics      bigint NOT NULL DEFAULT 0,
  gap_seconds double precision
);
CREATE INDEX repairs_by_start ON repairs (started_at);

CREATE TABLE silences (
  id         text COLLATE "C" PRIMARY KEY,
  matchers   text NOT NULL,
  starts_at  timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  created_by text NOT NULL,
  comment    text NOT NULL
);
CREATE INDEX silences_by_end ON silences (ends_at);

-- One row per mark of a pulse: when it was last heard, and how often.
CREATE TABLE pulses (
  name   text COLLATE "C" NOT NULL,
  mark   text COLLATE "C" NOT NULL CHECK (mark IN ('beat', 'started', 'failed')),
  at     timestamptz NOT NULL,
  detail text NOT NULL,
  count  bigint NOT NULL,
  PRIMARY KEY (name, mark)
);

-- Prices are decimals as text, as venues send them.
CREATE TABLE aged_monitoring_events (
  id                     text COLLATE "C" PRIMARY KEY,
  aged_position_id       text COLLATE "C" NOT NULL,
  event_type             text NOT NULL,
  market_price           text,
  target_price           text,
  price_distance_percent double precision,
  action_taken           text NOT NULL,
  success                boolean,
  error_message          text NOT NULL,
  event_metadata         text NOT NULL,
  created_at             timestamptz NOT NULL
);
CREATE INDEX aged_monitoring_events_by_position ON aged_monitoring_events (aged_position_id, created_at);
CREATE INDEX aged_monitoring_events_by_time ON aged_monitoring_events (created_at);

-- Small durable records by key (StateStore): opaque bytes.
CREATE TABLE state (
  key        text COLLATE "C" PRIMARY KEY,
  value      bytea NOT NULL,
  updated_at timestamptz NOT NULL
);

-- Keys of batches that have taken effect, so that a replay changes nothing. Pruned by age.
CREATE TABLE committed_batches (
  idempotency_key text COLLATE "C" PRIMARY KEY,
  committed_at    timestamptz NOT NULL
);
CREATE INDEX committed_batches_by_time ON committed_batches (committed_at);
