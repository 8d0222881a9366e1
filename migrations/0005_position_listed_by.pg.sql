-- Whose list counts for a position; empty: somebody has registered it himself, and no list ends it.
ALTER TABLE positions ADD COLUMN listed_by text NOT NULL DEFAULT '';
