"""The commands for vendors that a file declares."""
