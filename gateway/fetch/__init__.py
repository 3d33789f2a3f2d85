"""The fetch pipeline: from a resolver's request for records to the adapters of a district's sources."""
