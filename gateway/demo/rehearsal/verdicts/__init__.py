"""What viewers of a rehearsal saw: the oracle, the comparison with it, and the report."""
