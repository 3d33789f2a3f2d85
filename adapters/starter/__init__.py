"""An adapter for Starter, which `student-graph adapters new` wrote: replace what is invented by your vendor."""
