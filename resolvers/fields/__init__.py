"""The parts that graph types are built from: fields, records, lookups, ids and pages."""
