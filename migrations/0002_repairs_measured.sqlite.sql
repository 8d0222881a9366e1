-- How far a repair reached, and how long its stream had been silent when it was over.
ALTER TABLE repairs ADD COLUMN topics INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repairs ADD COLUMN gap_seconds REAL;
