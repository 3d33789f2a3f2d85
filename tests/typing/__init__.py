"""Files that a type checker reads and nobody runs."""
