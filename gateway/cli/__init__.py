"""The `student-graph` command, one module for each subcommand."""
