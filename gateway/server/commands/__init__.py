"""Functions with which commands read the sources of districts, in a process that serves no requests."""
