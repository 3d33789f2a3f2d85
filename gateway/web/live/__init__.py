"""Live documents: an answer that is sent again whenever it has changed, as server-sent events."""
