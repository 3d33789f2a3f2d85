"""Commands for the first steps: `student-graph init` and `student-graph completion`."""
