-- What the owner of a position says of it besides: whose pulse is asked for, and what it wants of its rules, as text.
ALTER TABLE positions ADD COLUMN strategy text NOT NULL DEFAULT '';
ALTER TABLE positions ADD COLUMN trailing_rule text NOT NULL DEFAULT '';
ALTER TABLE positions ADD COLUMN aged_rule text NOT NULL DEFAULT '';
