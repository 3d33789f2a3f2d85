"""Pure functions that turn payloads of OneRoster into records."""
