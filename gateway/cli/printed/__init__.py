"""Pages to print that commands write."""
