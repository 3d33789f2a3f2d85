"""Small vendors, and adapters with planted faults, for tests of the kit."""
