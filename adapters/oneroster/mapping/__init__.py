"""From payloads of OneRoster to records: pure functions."""
