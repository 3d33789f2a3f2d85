"""What commands read from the sources of districts, in a process that serves nobody."""
