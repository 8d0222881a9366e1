-- What happened to one stream, newest first, without a sort.
DROP INDEX stream_transitions_by_stream;
CREATE INDEX stream_transitions_by_stream ON stream_transitions (stream, at);
CREATE INDEX repairs_by_stream ON repairs (stream, started_at);
